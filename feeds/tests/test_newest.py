"""First pages of profiles and tags from kept ids: full, in order, nothing twice, nothing left out, whoever looks."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, blocks, follows, page_of, person
from feeds import newest
from feeds.actions import delete_post, edit_post, pin_post, share_post, unpin_post, unshare_post
from feeds.models import Post
from feeds.selectors import profile_posts, tagged_posts
from feeds.tests.factories import plant_many, publish
from socialnet.kernel import redis
from socialnet.kernel.pagination import Cursor, Page
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
AUDIENCES = ["public", "public", "followers", "friends", "private"]


@pytest.fixture(autouse=True)
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "LENGTH", 8)


def settle() -> None:
    """Tombstones are over; whatever is asked for from now on is kept."""
    with redis.door() as client:
        client.flushall()


def walk(read: Callable[..., Page[Any]], *, size: int) -> list[int]:
    """The ids of a list, page by page; every page but the last is full."""
    ids: list[int] = []
    cursor = None
    while True:
        page = read(cursor=cursor, size=size)
        ids += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids
        assert len(page.items) == size


def profile(author: User, viewer: Any, *, size: int = 3, with_pinned: bool = False) -> list[int]:
    return walk(
        lambda **at: profile_posts(author=author, viewer=viewer, with_pinned=with_pinned, **at), size=size
    )


def tag(name: str, viewer: Any, *, size: int = 3) -> list[int]:
    return walk(lambda **at: tagged_posts(name=name, viewer=viewer, **at), size=size)


def visible(viewer: Any, **which: Any) -> list[int]:
    """The list as one statement of the QuerySet has it."""
    posts = Post.objects.filter(**which).visible_to(viewer)
    return list(posts.order_by("-id").values_list("pk", flat=True))


@pytest.fixture
def viewers(ada: User, ben: User, cleo: User, dora: User) -> dict[str, Any]:
    """Of ada's posts: herself, a follower, a friend, a stranger, somebody blocked, a visitor."""
    friend = person("friend")
    for follower, followee in ((ben, ada), (friend, ada), (ada, friend)):
        follows(follower, followee)
    blocks(ada, dora)
    visitor = AnonymousUser()
    return {"ada": ada, "ben": ben, "friend": friend, "cleo": cleo, "dora": dora, "visitor": visitor}


@pytest.mark.parametrize("seed", range(4))
def test_every_viewer_gets_what_one_statement_says_at_every_size(
    ada: User, viewers: dict[str, Any], seed: int
) -> None:
    """Through publishing, deleting, hiding, pinning and privacy, with the lists kept, just dropped, lost, or away."""
    chance = random.Random(seed)
    posts = [
        publish(ada, f"Number {number} #word", audience=chance.choice(AUDIENCES))
        for number in range(chance.randint(9, 20) if seed else 0)
    ]
    for step in range(5):
        match chance.choice(
            ["publish", "delete", "hide", "pin", "unpin", "narrow", "private", "open", "nothing"]
        ):
            case "publish":
                posts.append(publish(ada, "One more #word", audience=chance.choice(AUDIENCES)))
            case "delete" if posts:
                delete_post(post=posts.pop(chance.randrange(len(posts))), actor=ada)
            case "hide" if posts:
                hidden = posts.pop(chance.randrange(len(posts)))
                Post.objects.filter(pk=hidden.pk).update(hidden_at="2026-01-01T00:00Z")
            case "pin" if posts and Post.objects.filter(pin__isnull=False).count() < 5:
                pin_post(post=chance.choice(posts), actor=ada)
            case "unpin" if posts:
                unpin_post(post=chance.choice(posts), actor=ada)
            case "narrow" if posts:
                edit_post(post=chance.choice(posts), actor=ada, visibility="private")
            case "private" | "open" as way:
                ada.refresh_from_db()
                people.set_privacy(user=ada, is_private=way == "private")
        if chance.random() < 0.6:
            settle()
        size = chance.choice([2, 3, 7, 8, 9, 20])
        away = chance.random() < 0.15
        for name, viewer in viewers.items():
            if away:
                redis.breaker._breaker.open()
            try:
                case_ = (seed, step, size, name, away)
                assert profile(ada, viewer, size=size) == visible(viewer, author=ada, pin=None), case_
                assert profile(ada, viewer, size=size, with_pinned=True) == visible(viewer, author=ada), case_
                assert tag("word", viewer, size=size) == visible(viewer, tags__hashtag__name="word"), case_
            finally:
                redis.breaker.close()


@pytest.mark.parametrize("size", range(1, 14))
def test_the_seam_repeats_and_skips_nothing(ada: User, cleo: User, size: int) -> None:
    """Of twelve posts eight are kept; then the last of these is deleted, and the first of the others."""
    posts = [post.pk for post in reversed(plant_many(ada, 12))]
    settle()
    assert profile(ada, cleo, size=size) == posts
    gone = [posts[7], posts[8]]
    Post.objects.filter(pk__in=gone).update(deleted_at="2026-01-01T00:00Z")
    assert profile(ada, cleo, size=size) == [post_id for post_id in posts if post_id not in gone]


def test_a_warm_first_page_costs_one_query_also_beside_pins(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(newest, "LENGTH", 60)
    posts = [publish(ada, f"#word {number}") for number in range(60)]
    for post in posts[-5:]:
        pin_post(post=post, actor=ada)
    settle()
    for viewer in (ada, ben, AnonymousUser()):
        pages = [
            lambda viewer=viewer: profile_posts(author=ada, viewer=viewer),
            lambda viewer=viewer: tagged_posts(name="word", viewer=viewer),
        ]
        for read in pages:
            first = read()  # cards and ids
            with django_assert_num_queries(1):  # the facts of the page
                assert [item.id for item in read().items] == [item.id for item in first.items]
            assert len(first.items) == 20
    second = Cursor(before=posts[30].pk)
    profile_posts(author=ada, viewer=ben, cursor=second)
    with django_assert_num_queries(1):
        assert len(profile_posts(author=ada, viewer=ben, cursor=second).items) == 20


def test_pages_below_the_kept_ids_cost_two_queries(ada: User, ben: User) -> None:
    plant_many(ada, 40)
    first = profile_posts(author=ada, viewer=ben, size=10)
    profile_posts(author=ada, viewer=ben, cursor=first.next_cursor, size=10)
    with CaptureQueriesContext(connection) as caught:
        profile_posts(author=ada, viewer=ben, cursor=first.next_cursor, size=10)
    assert len(caught) == 2


def test_a_deep_page_fills_nothing(ada: User, ben: User) -> None:
    posts = plant_many(ada, 30)
    page = profile_posts(author=ada, viewer=ben, cursor=Cursor(before=posts[-3].pk), size=5)
    assert [item.id for item in page.items] == [post.pk for post in reversed(posts[-8:-3])]
    assert newest.OF_PERSON.get(ada.pk) is None


@pytest.mark.parametrize("viewer_name", ["ada", "cleo", "visitor"])
def test_a_new_post_is_on_the_profile_and_on_the_page_of_its_tag_at_once(
    ada: User, viewers: dict[str, Any], viewer_name: str
) -> None:
    viewer = viewers[viewer_name]
    publish(ada, "#word")
    settle()
    profile(ada, viewer), tag("word", viewer), tag("other", viewer)
    post = publish(ada, "#word and #other")
    assert profile(ada, viewer)[0] == tag("word", viewer)[0] == post.pk
    assert tag("other", viewer) == [post.pk]


def test_page_and_api_show_it_too(ada: User, cleo: User) -> None:
    publish(ada, "The first #word")
    settle()
    browser, api = page_of(cleo), Api(cleo)
    for _ in range(2):
        browser.get("/@ada"), browser.get("/tags/word"), api("GET", "users/ada/posts")
    post = publish(ada, "The second #word")
    for path in ("/@ada", "/tags/word"):
        assert "The second" in browser.get(path).content.decode(), path
    for path in ("users/ada/posts", "hashtags/word/posts"):
        assert api("GET", path).json()["results"][0]["id"] == str(post.pk), path
    delete_post(post=post, actor=ada)
    for path in ("/@ada", "/tags/word"):
        assert "The second" not in browser.get(path).content.decode(), path


def test_shares_come_and_go_with_the_profile(ada: User, ben: User) -> None:
    original = publish(ada)
    settle()
    assert profile(ben, ben) == []
    share = share_post(post=original, person=ben)
    assert profile(ben, ben) == [share.pk]
    settle()
    profile(ben, ben)
    unshare_post(post=original, person=ben)
    assert profile(ben, ben) == []


def test_a_share_goes_with_its_original_from_a_kept_list(ada: User, ben: User) -> None:
    posts = [publish(ada) for _ in range(3)]
    shares = [share_post(post=post, person=ben) for post in posts]
    settle()
    profile(ben, ada)
    delete_post(post=posts[1], actor=ada)
    assert profile(ben, ada) == [shares[2].pk, shares[0].pk]
    drain()
    assert profile(ben, ada) == [shares[2].pk, shares[0].pk]


def test_an_edit_moves_a_post_to_the_tags_it_carries_now(ada: User, cleo: User) -> None:
    post = publish(ada, "#before")
    settle()
    tag("before", cleo), tag("after", cleo)
    edit_post(post=post, actor=ada, content="#after")
    assert (tag("before", cleo), tag("after", cleo)) == ([], [post.pk])


def test_what_the_request_could_not_drop_the_handler_drops(
    ada: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = publish(ada, "#before")
    drain()
    settle()
    profile(ada, cleo), tag("before", cleo), tag("word", cleo)
    monkeypatch.setattr(newest.CachePolicy, "drop", lambda self, *idents: None)
    post = publish(ada, "#word")
    edit_post(post=edited, actor=ada, content="#after")
    assert profile(ada, cleo) == [edited.pk]
    drain()
    assert profile(ada, cleo) == [post.pk, edited.pk]
    assert (tag("before", cleo), tag("word", cleo)) == ([], [post.pk])


def test_tags_that_nobody_uses_are_remembered_for_a_moment(ada: User, cleo: User) -> None:
    assert tag("nobody", cleo) == []
    with redis.door() as client:
        assert 0 < client.ttl(newest.OF_TAG.key("nobody")) <= 11


def test_ids_are_kept_for_as_long_as_the_table_says(ada: User, cleo: User) -> None:
    publish(ada, "#word")
    settle()
    profile(ada, cleo), tag("word", cleo)
    with redis.door() as client:
        assert 500 < client.ttl(newest.OF_PERSON.key(ada.pk)) <= 660
        assert 50 < client.ttl(newest.OF_TAG.key("word")) <= 66


def test_of_a_deleted_person_no_list_remains(ada: User, cleo: User) -> None:
    publish(ada)
    settle()
    profile(ada, cleo)
    people.delete_person(user=ada, password=PASSWORD)
    drain()
    assert newest.OF_PERSON.get(ada.pk) is None
