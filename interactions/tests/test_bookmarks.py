"""Keeping posts: through both doors, in the order of keeping, for one's own eyes, only what the door lets through."""

import random
from typing import Any

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from accounts.tests.test_follow_races import at_once
from feeds.actions import delete_post, share_post
from feeds.door import facts
from feeds.models import Post
from feeds.tests.factories import plant, plant_many, publish
from interactions import actions
from interactions.models import Bookmark
from interactions.selectors import bookmarks_of
from socialnet.kernel.errors import NotFound
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def keep(who: User, *posts: Post) -> None:
    for post in posts:
        actions.bookmark_post(post_id=post.pk, person=who)


def kept(who: User, *, size: int = 20) -> list[list[int]]:
    """The ids of all pages."""
    pages, cursor = [], None
    while True:
        page = bookmarks_of(viewer=who, cursor=cursor, size=size)
        pages.append([item.id for item in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return pages


def test_the_api_keeps_lists_and_lets_go(ada: User, ben: User) -> None:
    first, second = publish(ada, "First"), publish(ada, "Second")
    api = Api(ben)
    for post in (second, first, first):
        answer = api("PUT", f"posts/{post.pk}/bookmark")
        assert (answer.status_code, answer.json()) == (200, {"is_bookmarked": True})
    listed = api("GET", "me/bookmarks").json()
    assert [post["id"] for post in listed["results"]] == [str(first.pk), str(second.pk)]
    assert all(post["is_bookmarked"] for post in listed["results"])
    assert api("GET", f"posts/{first.pk}").json()["is_bookmarked"] is True
    for _twice in range(2):
        answer = api("DELETE", f"posts/{first.pk}/bookmark")
        assert (answer.status_code, answer.json()) == (200, {"is_bookmarked": False})
    assert [post["id"] for post in api("GET", "me/bookmarks").json()["results"]] == [str(second.pk)]


def test_the_page_lists_and_the_buttons_lead_back(ada: User, ben: User) -> None:
    post, browser = publish(ada, "Fog in the valley"), page_of(ben)
    assert "Nothing here yet" in browser.get("/bookmarks").content.decode()
    answer = browser.post(f"{post.get_absolute_url()}/bookmark", {"next": "/@ada?x=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/@ada?x=1")
    assert "Fog in the valley" in browser.get("/bookmarks").content.decode()
    answer = browser.post(f"{post.get_absolute_url()}/unbookmark", {"next": "//elsewhere.example/"})
    assert (answer.status_code, answer["Location"]) == (302, post.get_absolute_url())
    assert "Fog in the valley" not in browser.get("/bookmarks").content.decode()


def test_endless_scroll_gets_the_list_only(ada: User, ben: User) -> None:
    keep(ben, *plant_many(ada, 25))
    answer = page_of(ben).get("/bookmarks", headers={"X-Partial": "items"}).content.decode()
    assert answer.count("<article") == 20 and "<html" not in answer and "Older bookmarks" not in answer
    assert "Older bookmarks" in page_of(ben).get("/bookmarks").content.decode()


def test_nobody_else_learns_of_it(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    keep(ben, post)
    for who in (ada, cleo):
        seen = Api(who)("GET", f"posts/{post.pk}").json()
        assert seen["is_bookmarked"] is False
        assert "bookmark" not in str(seen).replace("is_bookmarked", "")
        assert Api(who)("GET", "me/bookmarks").json()["results"] == []
    assert "is_bookmarked" not in Api()("GET", f"posts/{post.pk}").json()


def test_a_share_is_kept_as_what_it_shares(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    share = share_post(post=post, person=ben)
    keep(cleo, share, post)
    assert kept(cleo) == [[post.pk]]
    assert Api(cleo)("GET", f"posts/{share.pk}").json()["share_of"]["is_bookmarked"] is True
    actions.unbookmark_post(post_id=share.pk, person=cleo)
    assert kept(cleo) == [[]]


@pytest.mark.parametrize("state", ["private", "followers only", "blocked", "suspended", "deleted", "absent"])
def test_what_is_not_visible_can_neither_be_kept_nor_shown(ada: User, cleo: User, state: str) -> None:
    post = publish(ada)
    keep(cleo, post)
    change_to(state, ada, cleo, post)
    assert kept(cleo) == [[]]
    ident = 77 if state == "absent" else post.pk
    for method in ("PUT", "DELETE"):
        answer = Api(cleo)(method, f"posts/{ident}/bookmark")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    for act in ("bookmark", "unbookmark"):
        assert page_of(cleo).post(f"/@ada/{ident}/{act}").status_code == 404
    assert Bookmark.objects.filter(user=cleo).count() == 1  # it stays kept, for whom it comes back


def change_to(state: str, ada: User, cleo: User, post: Post) -> None:
    match state:
        case "private":
            people.set_privacy(user=ada, is_private=True)
        case "followers only":
            Post.objects.filter(pk=post.pk).update(visibility="followers")
        case "blocked":
            blocks(ada, cleo)
        case "suspended":
            people.suspend_user(user=ada, actor=None)
        case "deleted" | "absent":
            delete_post(post=post, actor=ada)


def test_what_comes_back_is_there_again(ada: User, cleo: User) -> None:
    post = publish(ada)
    keep(cleo, post)
    people.suspend_user(user=ada, actor=None)
    assert kept(cleo) == [[]]
    people.unsuspend_user(user=ada, actor=None)
    assert kept(cleo) == [[post.pk]]


def test_pages_are_full_until_the_end_whatever_is_gone(ada: User, ben: User) -> None:
    posts = plant_many(ada, 120)
    keep(ben, *posts)
    gone = {post.pk for post in random.Random(7).sample(posts, 90)} | {post.pk for post in posts[40:]}
    Post.objects.filter(pk__in=gone).update(deleted_at="2026-01-01T00:00Z")
    there = [post.pk for post in reversed(posts) if post.pk not in gone]
    pages = kept(ben, size=3)
    assert [ident for page in pages for ident in page] == there
    assert all(len(page) == 3 for page in pages[:-1]) and 0 < len(pages[-1]) <= 3


def test_keeping_one_more_repeats_and_skips_nothing(ada: User, ben: User) -> None:
    posts = plant_many(ada, 6)
    keep(ben, *posts[:5])
    first = bookmarks_of(viewer=ben, size=2)
    keep(ben, posts[5])
    rest = bookmarks_of(viewer=ben, cursor=first.next_cursor, size=9)
    assert [item.id for item in (*first.items, *rest.items)] == [post.pk for post in reversed(posts[:5])]


def test_a_page_costs_two_queries(ada: User, ben: User, django_assert_num_queries: Any) -> None:
    keep(ben, *plant_many(ada, 25))
    bookmarks_of(viewer=ben)
    with django_assert_num_queries(2):  # what was kept, and the facts
        assert len(bookmarks_of(viewer=ben).items) == 20


def test_the_facts_say_what_the_rows_say(ada: User, ben: User, cleo: User) -> None:
    posts, chance = plant_many(ada, 12), random.Random(3)
    rows = {(who.pk, post.pk) for who in (ada, ben, cleo) for post in posts if chance.random() < 0.5}
    Bookmark.objects.bulk_create(Bookmark(user_id=who, post_id=post) for who, post in rows)
    ids = [post.pk for post in posts]
    for viewer in (ada.pk, ben.pk, cleo.pk, None):
        marked = {
            post_id
            for post_id, fact in facts(viewer_id=viewer, post_ids=ids).items()
            if "is_bookmarked" in fact.marks
        }
        assert marked == {post for who, post in rows if who == viewer}


@pytest.mark.parametrize("path", ["/bookmarks", "/@ada/1/bookmark", "/@ada/1/unbookmark"])
def test_wrong_methods_of_pages(ada: User, path: str) -> None:
    browser = page_of(ada)
    wrong = [browser.post, browser.put] if path == "/bookmarks" else [browser.get, browser.put]
    assert [send(path).status_code for send in wrong] == [405, 405]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "posts/1/bookmark"), ("GET", "posts/1/bookmark"), ("POST", "me/bookmarks")]
)
def test_wrong_methods_of_the_api(ada: User, method: str, path: str) -> None:
    assert Api(ada)(method, path).status_code == 405


def test_visitors_are_asked_to_sign_in(ada: User) -> None:
    post = publish(ada)
    for method, path in (("PUT", f"posts/{post.pk}/bookmark"), ("GET", "me/bookmarks")):
        assert Api()(method, path).status_code == 401
    assert "/accounts/login/" in page_of().get("/bookmarks")["Location"]
    assert "/accounts/login/" in page_of().post(f"{post.get_absolute_url()}/bookmark")["Location"]
    assert not Bookmark.objects.exists()


@pytest.mark.parametrize("query", ["cursor=x", "limit=x", "nonsense=1", "fields=nothing"])
def test_bad_queries_are_400(ada: User, query: str) -> None:
    assert Api(ada)("GET", f"me/bookmarks?{query}").status_code == 400


@pytest.mark.parametrize("ident", ["0", "9" * 16, "1" + "0" * 30])
def test_ids_that_no_post_can_have(ada: User, ident: str) -> None:
    assert Api(ada)("PUT", f"posts/{ident}/bookmark").status_code == 404
    assert page_of(ada).post(f"/@ada/{ident}/bookmark").status_code == 404


def test_a_post_under_another_name_is_not_found(ada: User, ben: User) -> None:
    post = publish(ada)
    assert page_of(ben).post(f"/@ben/{post.pk}/bookmark").status_code == 404


def test_who_left_keeps_nothing_and_takes_their_posts_from_the_lists_of_others(ada: User, ben: User) -> None:
    of_ada, of_ben = publish(ada), publish(ben)
    keep(ada, of_ben, of_ada)
    keep(ben, of_ada, of_ben)
    people.delete_person(user=ada, password="correct horse battery staple")
    drain()
    assert list(Bookmark.objects.values_list("user", "post")) == [(ben.pk, of_ben.pk)]


def test_the_page_is_for_nobodys_cache(ada: User) -> None:
    assert "no-store" in page_of(ada).get("/bookmarks")["Cache-Control"]
    assert Api(ada)("GET", "me/bookmarks")["Cache-Control"] == "private, no-store"


def test_followers_only_posts_are_kept_by_followers(ada: User, ben: User, cleo: User) -> None:
    post = plant(ada, visibility="followers")
    follows(ben, ada)
    keep(ben, post)
    with pytest.raises(NotFound):
        keep(cleo, post)
    assert kept(ben) == [[post.pk]]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_many_hands_that_keep_one_post_one_row_is_left() -> None:
    ada, ben = person("ada"), person("ben")
    post = publish(ada)
    at_once(*[lambda: keep(ben, post) for _ in range(8)])
    assert Bookmark.objects.count() == 1
    at_once(
        *[lambda: keep(ben, post) for _ in range(4)],
        *[lambda: actions.unbookmark_post(post_id=post.pk, person=ben) for _ in range(4)],
    )
    assert Bookmark.objects.count() <= 1
    drain()
    assert broken() == []
