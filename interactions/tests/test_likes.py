"""Liking posts: through both doors, once however often it is pressed, counted exactly, seen by whom it is for."""

import random
from contextlib import suppress
from typing import Any

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, blocks, follows, page_of, person
from feeds.actions import delete_post, share_post
from feeds.door import facts
from feeds.models import Post, PostCounts
from feeds.selectors import get_visible_item
from feeds.tests.factories import plant, plant_many, publish
from feeds.tests.test_diagnose import diagnose
from interactions import actions, upkeep
from interactions.events import PostLiked, PostUnliked
from interactions.models import Like
from interactions.selectors import likers_of, likes_of
from interactions.tests.test_bookmarks import change_to
from socialnet.kernel.errors import NotFound
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def like(who: User, *posts: Post) -> None:
    for post in posts:
        actions.like_post(post_id=post.pk, person=who)


def unlike(who: User, *posts: Post) -> None:
    for post in posts:
        actions.unlike_post(post_id=post.pk, person=who)


def count_of(post: Post) -> int:
    return PostCounts.objects.get(pk=post.pk).likes


def likers(post: Post, viewer: User, *, size: int = 20) -> list[list[str]]:
    """The usernames of all pages."""
    pages, cursor = [], None
    while True:
        item = get_visible_item(post.pk, viewer=viewer)
        page = likers_of(item=item, viewer=viewer, cursor=cursor, size=size)
        pages.append([row.user.username for row in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return pages


def test_the_api_likes_counts_lists_and_takes_back(ada: User, ben: User, cleo: User) -> None:
    first, second = publish(ada, "First"), publish(ada, "Second")
    api = Api(ben)
    for post in (second, first, first):
        answer = api("PUT", f"posts/{post.pk}/like")
        assert (answer.status_code, answer.json()) == (200, {"is_liked": True, "like_count": 1})
    listed = api("GET", "me/likes").json()
    assert [post["id"] for post in listed["results"]] == [str(first.pk), str(second.pk)]
    assert all(post["is_liked"] and post["like_count"] == 1 for post in listed["results"])
    assert Api(cleo)("PUT", f"posts/{first.pk}/like").json() == {"is_liked": True, "like_count": 2}
    names = [row["username"] for row in Api()("GET", f"posts/{first.pk}/likes").json()["results"]]
    assert names == ["cleo", "ben"]
    for _twice in range(2):
        answer = api("DELETE", f"posts/{first.pk}/like")
        assert (answer.status_code, answer.json()) == (200, {"is_liked": False, "like_count": 1})
    assert [post["id"] for post in api("GET", "me/likes").json()["results"]] == [str(second.pk)]
    seen = Api(cleo)("GET", f"posts/{first.pk}").json()
    assert (seen["is_liked"], seen["like_count"]) == (True, 1)
    assert "is_liked" not in Api()("GET", f"posts/{first.pk}").json()


def test_the_page_likes_without_javascript_and_leads_back(ada: User, ben: User) -> None:
    post, browser = publish(ada, "Fog in the valley"), page_of(ben)
    url = post.get_absolute_url()
    assert f'formaction="{url}/like"' in browser.get(url).content.decode()
    answer = browser.post(f"{url}/like", {"next": "/@ada?x=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/@ada?x=1")
    page = browser.get(url).content.decode()
    assert f'formaction="{url}/unlike"' in page and "1 like" in page
    assert "Fog in the valley" in browser.get("/likes").content.decode()
    assert "Ben" in page_of().get(f"{url}/likes").content.decode()
    answer = browser.post(f"{url}/unlike", {"next": "//elsewhere.example/"})
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert "Nothing here yet" in browser.get("/likes").content.decode()
    assert "Nobody yet" in browser.get(f"{url}/likes").content.decode()


def test_ones_own_next_page_has_the_new_count(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    follows(ben, ada)
    drain()
    for who, count in ((ada, 1), (cleo, 2), (ben, 3)):
        Api(ben)("GET", f"posts/{post.pk}")  # keeps the counts
        like(who, post)
        assert Api(who)("GET", f"posts/{post.pk}").json()["like_count"] == count
    unlike(ben, post)
    assert Api(ben)("GET", f"posts/{post.pk}").json()["like_count"] == 2


def test_each_change_is_told_once(ada: User, ben: User) -> None:
    post = publish(ada)
    like(ben, post, post)
    unlike(ben, post, post)
    like(ben, post)
    told = Event.objects.filter(name__startswith="interactions.post_").order_by("pk")
    fact = {"post_id": post.pk, "author_id": ada.pk, "user_id": ben.pk}
    assert list(told.values_list("name", "payload")) == [
        (PostLiked.name, fact),
        (PostUnliked.name, fact),
        (PostLiked.name, fact),
    ]
    assert Like.objects.count() == 1 and count_of(post) == 1


def test_a_share_is_liked_as_what_it_shares(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    share = share_post(post=post, person=ben)
    like(cleo, share, post)
    assert (count_of(post), count_of(share)) == (1, 0)
    seen = Api(cleo)("GET", f"posts/{share.pk}").json()["share_of"]
    assert (seen["is_liked"], seen["like_count"]) == (True, 1)
    assert Event.objects.get(name=PostLiked.name).payload["author_id"] == ada.pk
    assert Api()("GET", f"posts/{share.pk}/likes").json()["results"][0]["username"] == "cleo"
    answer = page_of().get(f"/@ben/{share.pk}/likes")
    assert answer["Location"] == f"/@ada/{post.pk}/likes"
    unlike(cleo, share)
    assert count_of(post) == 0
    assert broken() == []


@pytest.mark.parametrize("state", ["private", "followers only", "blocked", "suspended", "deleted", "absent"])
def test_what_is_not_visible_can_neither_be_liked_nor_shown(ada: User, cleo: User, state: str) -> None:
    post = publish(ada)
    like(cleo, post)
    change_to(state, ada, cleo, post)
    assert not likes_of(viewer=cleo).items
    ident = 77 if state == "absent" else post.pk
    for method, path in (("PUT", "like"), ("DELETE", "like"), ("GET", "likes")):
        answer = Api(cleo)(method, f"posts/{ident}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    for act in ("like", "unlike"):
        assert page_of(cleo).post(f"/@ada/{ident}/{act}").status_code == 404
    assert page_of(cleo).get(f"/@ada/{ident}/likes").status_code == 404
    assert count_of(post) == 1  # it stands, for whom it comes back


def test_who_may_see_whom_among_those_who_like(
    ada: User, ben: User, cleo: User, dora: User, mod: User
) -> None:
    post = publish(ada)
    shy = person("shy", is_private=True)
    like(dora, post)
    like(shy, post)
    like(ben, post)
    follows(ben, shy)
    blocks(dora, ben)
    assert likers(post, cleo) == [["ben", "dora"]]
    assert likers(post, ben) == [["ben", "shy"]]
    assert likers(post, shy) == [["ben", "shy", "dora"]]
    assert likers(post, dora) == [["dora"]]
    assert likers(post, ada) == [["ben", "shy", "dora"]]  # the author is told of each
    names = [row["username"] for row in Api()("GET", f"posts/{post.pk}/likes").json()["results"]]
    assert names == ["ben", "dora"]
    people.suspend_user(user=dora, actor=None)
    assert likers(post, cleo) == [["ben"]]
    assert count_of(post) == 3


def test_when_all_who_like_it_are_hidden_the_page_says_so(ada: User, cleo: User) -> None:
    post = publish(ada)
    like(person("shy", is_private=True), post)
    page = page_of(cleo).get(f"{post.get_absolute_url()}/likes").content.decode()
    assert "Nobody you may see" in page and "Shy" not in page


def test_who_likes_it_comes_in_pages_that_neither_repeat_nor_skip(ada: User) -> None:
    post = publish(ada)
    crowd = [person() for _ in range(7)]
    for who in crowd:
        like(who, post)
    names = [who.username for who in reversed(crowd)]
    assert likers(post, ada, size=3) == [names[:3], names[3:6], names[6:]]
    item = get_visible_item(post.pk, viewer=ada)
    first = likers_of(item=item, viewer=ada, size=3)
    unlike(crowd[0], post)
    like(crowd[0], post)  # now the latest
    rest = likers_of(item=item, viewer=ada, cursor=first.next_cursor, size=9)
    assert [row.user.username for row in (*first.items, *rest.items)] == names[:-1]


def test_pages_of_my_likes_are_full_until_the_end_whatever_is_gone(ada: User, ben: User) -> None:
    posts = plant_many(ada, 30)
    like(ben, *posts)
    gone = {post.pk for post in random.Random(7).sample(posts, 20)}
    Post.objects.filter(pk__in=gone).update(deleted_at="2026-01-01T00:00Z")
    there = [post.pk for post in reversed(posts) if post.pk not in gone]
    shown, cursor = [], None
    while True:
        page = likes_of(viewer=ben, cursor=cursor, size=4)
        shown += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.items) == 4
    assert shown == there


def test_what_lists_cost(ada: User, ben: User, django_assert_num_queries: Any) -> None:
    posts = plant_many(ada, 25)
    like(ben, *posts)
    for _ in range(25):
        like(person(), posts[0])
    drain()
    likes_of(viewer=ben)
    with django_assert_num_queries(2):  # what is liked, and the facts
        assert len(likes_of(viewer=ben).items) == 20
    item = get_visible_item(posts[0].pk, viewer=ben)
    with django_assert_num_queries(2):  # who likes it, and what stands between them and the viewer
        assert len(likers_of(item=item, viewer=ben).items) == 20


def test_the_facts_say_what_the_rows_say(ada: User, ben: User, cleo: User) -> None:
    posts, chance = plant_many(ada, 12), random.Random(3)
    for who in (ada, ben, cleo):
        for post in posts:
            for act in chance.choice([(), (like,), (like, unlike)]):
                act(who, post)
    ids = [post.pk for post in posts]
    for viewer in (ada.pk, ben.pk, cleo.pk, None):
        found = facts(viewer_id=viewer, post_ids=ids)
        marked = {post_id for post_id, fact in found.items() if "is_liked" in fact.marks}
        standing = Like.objects.filter(is_active=True, user=viewer) if viewer else Like.objects.none()
        assert marked == set(standing.values_list("post_id", flat=True))


@pytest.mark.parametrize("path", ["/likes", "/@ada/1/likes", "/@ada/1/like", "/@ada/1/unlike"])
def test_wrong_methods_of_pages(ada: User, path: str) -> None:
    browser = page_of(ada)
    wrong = [browser.post, browser.put] if path.endswith("likes") else [browser.get, browser.put]
    assert [send(path).status_code for send in wrong] == [405, 405]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "posts/1/like"), ("GET", "posts/1/like"), ("PUT", "posts/1/likes"), ("POST", "me/likes")],
)
def test_wrong_methods_of_the_api(ada: User, method: str, path: str) -> None:
    assert Api(ada)(method, path).status_code == 405


def test_visitors_are_asked_to_sign_in(ada: User) -> None:
    post = publish(ada)
    for method, path in (("PUT", f"posts/{post.pk}/like"), ("GET", "me/likes")):
        assert Api()(method, path).status_code == 401
    assert "/accounts/login/" in page_of().get("/likes")["Location"]
    assert "/accounts/login/" in page_of().post(f"{post.get_absolute_url()}/like")["Location"]
    assert not Like.objects.exists()


def test_a_token_that_only_reads_likes_nothing(ada: User) -> None:
    post = publish(ada)
    assert Api(ada, scopes=("read",))("PUT", f"posts/{post.pk}/like").status_code == 403


@pytest.mark.parametrize("query", ["cursor=x", "limit=x", "nonsense=1", "fields=nothing"])
def test_bad_queries_are_400(ada: User, query: str) -> None:
    post = publish(ada)
    for path in ("me/likes", f"posts/{post.pk}/likes"):
        assert Api(ada)("GET", f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("ident", ["0", "9" * 16, "1" + "0" * 30])
def test_ids_that_no_post_can_have(ada: User, ident: str) -> None:
    assert Api(ada)("PUT", f"posts/{ident}/like").status_code == 404
    assert page_of(ada).post(f"/@ada/{ident}/like").status_code == 404


def test_a_post_under_another_name_is_not_found(ada: User, ben: User) -> None:
    post = publish(ada)
    assert page_of(ben).post(f"/@ben/{post.pk}/like").status_code == 404
    assert page_of(ben).get(f"/@ben/{post.pk}/likes").status_code == 404


def test_the_lists_are_for_nobodys_cache(ada: User) -> None:
    post = publish(ada)
    for path in ("/likes", f"{post.get_absolute_url()}/likes"):
        assert "no-store" in page_of(ada).get(path)["Cache-Control"]
    assert Api(ada)("GET", "me/likes")["Cache-Control"] == "private, no-store"


def test_followers_only_posts_are_liked_by_followers(ada: User, ben: User, cleo: User) -> None:
    post = plant(ada, visibility="followers")
    follows(ben, ada)
    like(ben, post)
    with pytest.raises(NotFound):
        like(cleo, post)
    assert count_of(post) == 1


def test_who_left_likes_nothing_and_the_counts_say_so(ada: User, ben: User, cleo: User) -> None:
    of_ada, of_ben = publish(ada), publish(ben)
    for who in (ada, ben, cleo):
        like(who, of_ada, of_ben)
    unlike(ada, of_ben)
    people.delete_person(user=cleo, password=PASSWORD)
    drain()
    assert (count_of(of_ada), count_of(of_ben)) == (2, 1)
    people.delete_person(user=ada, password=PASSWORD)  # their posts go, with the likes of others
    drain()
    assert list(Like.objects.values_list("user", "post")) == [(ben.pk, of_ben.pk)]
    assert count_of(of_ben) == 1
    assert broken() == []


def test_many_likes_of_one_who_leaves_go_in_batches(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interactions.actions.likes._BATCH", 2)
    posts = plant_many(ada, 5)
    like(ben, *posts)
    assert actions.forget_likes(user_id=ben.pk) == 5
    assert [count_of(post) for post in posts] == [0] * 5


def test_a_deleted_post_keeps_its_likes_exact(ada: User, ben: User) -> None:
    post = publish(ada)
    like(ben, post)
    delete_post(post=post, actor=ada)
    with suppress(NotFound):
        unlike(ben, post)
    drain()
    assert count_of(post) == 1 and not likes_of(viewer=ben).items
    assert broken() == []


def test_counts_that_drifted_are_mended_and_said(ada: User, ben: User, caplog: Any) -> None:
    right, wrong, old = publish(ada), publish(ada), publish(ada)
    like(ben, right, wrong)
    PostCounts.objects.filter(pk__in=[wrong.pk, old.pk]).update(likes=41)
    assert len(broken()) == 1
    assert upkeep.reconcile_recent_like_counts() == 1  # nothing happened to the third
    assert (count_of(wrong), count_of(old)) == (1, 41)
    assert upkeep.reconcile_all_like_counts() == 1
    assert (count_of(right), count_of(wrong), count_of(old)) == (1, 1, 0)
    assert upkeep.reconcile_all_like_counts() == 0
    assert Api(ben)("GET", f"posts/{old.pk}").json()["like_count"] == 0


def test_what_was_taken_back_long_ago_is_forgotten(ada: User, ben: User, cleo: User) -> None:
    old, new, standing = publish(ada), publish(ada), publish(ada)
    like(ben, old, new, standing)
    unlike(ben, old, new)
    Like.objects.filter(post__in=[old.pk, standing.pk]).update(place=1)
    assert upkeep.forget_inactive_likes() == 1
    assert set(Like.objects.values_list("post_id", flat=True)) == {new.pk, standing.pk}
    assert broken() == []


def test_diagnose_says_and_mends_counts_of_likes(ada: User, ben: User) -> None:
    post = publish(ada)
    like(ben, post)
    PostCounts.objects.filter(pk=post.pk).update(likes=7)
    assert "kept 7, the rows say 1" in diagnose("counts", fails=True)
    assert "done: " in diagnose("counts", "--repair")
    diagnose("counts")
    assert count_of(post) == 1
