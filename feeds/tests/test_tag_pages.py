"""The tabs of a tag: its best posts as a snapshot, who writes with it; through the door, in every script."""

import unicodedata
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from feeds import tag_pages
from feeds.actions import delete_post
from feeds.models import Hashtag, Post, PostCounts
from feeds.tag_pages import tag_card, top_tagged, writers_with
from feeds.tests.factories import publish
from socialnet.kernel import redis, snapshots
from socialnet.kernel.errors import InvalidCursor

pytestmark = pytest.mark.django_db


def like(post: Post, many: int) -> None:
    PostCounts.objects.filter(pk=post.pk).update(likes=many)


def forget_ranking(name: str = "fog") -> None:
    with redis.door() as client:
        client.delete(tag_pages.RANKED.key(name))


def top_ids(viewer: Any, *, size: int = 20, name: str = "fog") -> list[int]:
    ids: list[int] = []
    cursor = None
    while True:
        page = top_tagged(name=name, viewer=viewer, cursor=cursor, size=size)
        ids += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids
        assert len(page.items) == size


# --- top -----------------------------------------------------------------------------------------------------


def test_what_people_react_to_comes_first(ada: User, cleo: User) -> None:
    authors = [person() for _ in range(4)]
    posts = [publish(author, "#fog") for author in authors]
    for post, many in zip(posts, (3, 500, 0, 40), strict=True):
        like(post, many)
    expected = [posts[1].pk, posts[3].pk, posts[0].pk, posts[2].pk]
    assert top_ids(cleo) == top_ids(AnonymousUser()) == expected
    listed = Api()("GET", "hashtags/FOG/posts?mode=top").json()["results"]
    assert [int(one["id"]) for one in listed] == expected
    page = page_of().get("/tags/fog/top").content.decode()
    assert [page.index(f'data-post-id="{ident}"') for ident in expected] == sorted(
        page.index(f'data-post-id="{ident}"') for ident in expected
    )


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_follow_one_another_as_they_were_put_together(ada: User, cleo: User, size: int) -> None:
    posts = [publish(person(), "#fog") for _ in range(9)]
    order = top_ids(cleo, size=20)
    first = top_tagged(name="fog", viewer=cleo, size=size)
    like(posts[0], 9999)
    forget_ranking()
    rest: list[int] = []
    cursor = first.next_cursor
    while cursor:
        page = top_tagged(name="fog", viewer=cleo, cursor=cursor, size=size)
        rest += [item.id for item in page.items]
        cursor = page.next_cursor
    assert [*(item.id for item in first.items), *rest] == order
    assert top_ids(cleo)[0] == posts[0].pk


@pytest.mark.parametrize(
    "state", ["followers", "private account", "suspended", "deleted", "hidden", "blocked"]
)
def test_top_and_people_show_each_viewer_what_the_door_lets_through(
    ada: User, ben: User, cleo: User, state: str
) -> None:
    """Also what was ranked before it was taken away."""
    follows(ben, ada)
    post = publish(ada, "#fog", audience="followers" if state == "followers" else "public")
    other = publish(person(), "#fog")
    top_ids(cleo)
    match state:
        case "private account":
            people.set_privacy(user=ada, is_private=True)
        case "suspended":
            User.objects.filter(pk=ada.pk).update(suspended_at="2026-01-01T00:00Z")
        case "deleted":
            delete_post(post=post, actor=ada)
        case "hidden":
            Post.objects.filter(pk=post.pk).update(hidden_at="2026-01-01T00:00Z")
        case "blocked":
            blocks(ada, cleo)
    for viewer in (cleo, ben, AnonymousUser()):
        seen = (state == "private account" and viewer == ben) or (state == "blocked" and viewer != cleo)
        assert (post.pk in top_ids(viewer)) is seen, viewer
        assert other.pk in top_ids(viewer)
        names = {one.user.username for one in writers_with(name="fog", viewer=viewer)}
        assert ("ada" in names) is seen, viewer
        assert len(names) == 1 + seen


def test_a_list_that_is_not_kept_any_longer_says_so(cleo: User) -> None:
    for _ in range(25):
        publish(person(), "#fog")
    page = top_tagged(name="fog", viewer=cleo)
    assert page.next_cursor is not None
    text = page.next_cursor.encode()
    redis._client().flushall()
    assert Api(cleo)("GET", f"hashtags/fog/posts?mode=top&cursor={text}").json()["code"] == "cursor_expired"
    browser = page_of(cleo)
    answer = browser.get(f"/tags/fog/top?cursor={text}")
    assert answer.status_code == 400 and "This list has grown old" in answer.content.decode()
    partial = browser.get(f"/tags/fog/top?cursor={text}", headers={"X-Partial": "items"})
    assert partial.status_code == 200 and 'href="/tags/fog/top"' in partial.content.decode()


def test_a_cursor_leads_through_its_own_list_only(cleo: User) -> None:
    for _ in range(25):
        publish(person(), "#fog #rain")
    page = top_tagged(name="fog", viewer=cleo)
    assert page.next_cursor is not None
    text = page.next_cursor.encode()
    with pytest.raises(InvalidCursor):
        tag_pages.top_cursor(text, name="rain")
    for path in (f"hashtags/rain/posts?mode=top&cursor={text}", f"hashtags/fog/posts?cursor={text}"):
        assert Api(cleo)("GET", path).status_code == 400
    assert Api(cleo)("GET", "hashtags/fog/posts?mode=best").status_code == 400
    assert page_of(cleo).get("/tags/rain/top?cursor=x").status_code == 400


def test_without_redis_the_first_page_is_all_there_is(cleo: User) -> None:
    for _ in range(25):
        publish(person(), "#fog")
    redis.breaker._breaker.open()
    page = top_tagged(name="fog", viewer=cleo)
    assert len(page.items) == 20 and page.next_cursor is None


def test_one_snapshot_serves_everybody(
    ada: User, ben: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        publish(person(), "#fog")
    redis._client().flushall()  # what a post dropped is not kept for some seconds
    kept: list[Any] = []
    keep = snapshots.keep
    monkeypatch.setattr(snapshots, "keep", lambda ids, **named: kept.append(ids) or keep(ids, **named))
    for viewer in (ada, ben, cleo, AnonymousUser()):
        top_ids(viewer)
        writers_with(name="fog", viewer=viewer)
    assert len(kept) == 1


# --- people ----------------------------------------------------------------------------------------------------


def test_who_writes_most_comes_first_and_can_be_followed(ada: User, ben: User, cleo: User) -> None:
    for author, many in ((ada, 1), (ben, 3), (cleo, 2)):
        for _ in range(many):
            publish(author, "#Fog")
    publish(ada, "#fog", audience="private")
    listed = Api(cleo)("GET", "hashtags/fog/people").json()["results"]
    assert [(one["username"], one["recent_post_count"]) for one in listed] == [
        ("ben", 3),
        ("cleo", 2),
        ("ada", 1),
    ]
    page = page_of(cleo).get("/tags/fog/people").content.decode()
    assert "3 posts lately" in page and "1 post lately" in page
    assert 'action="/@ben/follow"' in page and 'action="/@cleo/follow"' not in page
    assert "ben" in page_of().get("/tags/fog/people").content.decode()


def test_people_cost_the_same_for_few_and_for_many(cleo: User, django_assert_num_queries: Any) -> None:
    for many in (1, 35):
        for _ in range(many):
            publish(person(), "#fog")
        forget_ranking()
        writers_with(name="fog", viewer=cleo)
        with django_assert_num_queries(3):  # the facts of what they wrote; who hides; what is between them
            found = writers_with(name="fog", viewer=cleo)
        assert len(found) == min(30, many)


def test_top_costs_one_query(cleo: User, django_assert_num_queries: Any) -> None:
    for _ in range(25):
        publish(person(), "#fog")
    top_tagged(name="fog", viewer=cleo)
    with django_assert_num_queries(1):  # the facts of the page
        assert len(top_tagged(name="fog", viewer=cleo).items) == 20


# --- the page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", ["", "/top", "/people"])
def test_every_tab_has_the_head_the_count_and_the_feed(ada: User, cleo: User, tab: str) -> None:
    for _ in range(2):
        publish(ada, "#Fog")
    publish(ada, "#fog", audience="followers")
    for viewer in (cleo, None):
        page = page_of(viewer).get(f"/tags/fog{tab}").content.decode()
        assert "<h1><bdi>#Fog</bdi></h1>" in page
        assert "<b>2</b> public posts" in page
        assert 'href="/tags/fog/rss"' in page
        assert page.count('aria-current="page"') >= 1
        assert 'property="og:title" content="#Fog"' in page
        assert ('action="/tags/fog/follow"' in page) is (viewer is not None)
    assert page_of(cleo).post(f"/tags/fog{tab or '/top'}").status_code == 405


@pytest.mark.parametrize("tab", ["", "/top", "/people"])
def test_a_tag_that_nobody_uses_has_empty_tabs_that_are_not_listed(cleo: User, tab: str) -> None:
    answer = page_of(cleo).get(f"/tags/never{tab}")
    assert answer.status_code == 200 and answer["X-Robots-Tag"] == "noindex"
    assert "public post" not in answer.content.decode()
    assert not Hashtag.objects.exists()


def test_nobody_learns_from_a_tab_of_posts_that_are_not_for_them(ada: User, ben: User) -> None:
    publish(ada, "#SecretParty", audience="private")
    for tab in ("", "/top", "/people"):
        seen, absent = (
            page_of(ben).get(f"/tags/{name}{tab}").content.decode() for name in ("secretparty", "nope")
        )
        assert "SecretParty" not in seen and "public post" not in seen
        assert len(seen.replace("secretparty", "nope")) == pytest.approx(len(absent), abs=64)
    assert Api(ben)("GET", "hashtags/secretparty").json()["post_count"] == 0
    assert tag_card("secretparty", viewer=ada).display == "SecretParty"


@pytest.mark.parametrize("path", ["hashtags/fog/people", "hashtags/fog"])
def test_the_api_by_its_methods(cleo: User, path: str) -> None:
    assert Api(cleo)("POST", path).status_code == 405
    assert Api(cleo)("GET", f"{path}?nonsense=1").status_code in (200, 400)


SCRIPTS = {
    "Arabic": ("القاهرة", "القاهرة"),
    "Arabic with vowel marks": ("مُحَمَّد", "مُحَمَّد"),
    "Devanagari": ("हिन्दी", "हिन्दी"),
    "Tamil": ("தமிழ்", "தமிழ்"),
    "Thai": ("ภาษาไทย", "ภาษาไทย"),
    "Chinese": ("北京", "北京"),
    "Japanese": ("カラオケ", "カラオケ"),
    "half-width katakana": ("ｶﾗｵｹ", "カラオケ"),
    "Korean": ("한국어", "한국어"),
    "decomposed Korean": ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),
    "Turkish with a dotless i": ("Işık", "işık"),
    "Turkish with a dotted capital": ("İstanbul", "i\u0307stanbul"),
    "Greek with a final sigma": ("ΟΔΟΣ", "οδοσ"),
    "Vietnamese, decomposed": ("Tie\u0302\u0301ng", "tiếng"),
    "Cyrillic": ("Київ", "київ"),
    "Hebrew": ("שלום", "שלום"),
    "full-width Latin": ("ＡＢＣ", "abc"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_in_every_script_a_tag_is_found_counted_followed_and_shown_as_written(
    ada: User, cleo: User, script: str
) -> None:
    written, name = SCRIPTS[script]
    shown = unicodedata.normalize("NFC", written)  # as all text is kept
    post = publish(ada, f"#{written} today")
    tag = Hashtag.objects.get()
    assert (tag.name, tag.display, tag.counts.posts) == (name, shown, 1)
    answer = Api(cleo)("PUT", f"hashtags/{quote(written)}/follow").json()
    assert (answer["name"], answer["display"], answer["is_following"]) == (name, shown, True)
    assert [item.id for item in top_tagged(name=name, viewer=cleo).items] == [post.pk]
    browser = page_of(cleo)
    for tab in ("", "/top", "/people"):
        assert f"<bdi>#{shown}</bdi>" in browser.get(f"/tags/{quote(name)}{tab}").content.decode()
    if written != name:
        moved = browser.get(f"/tags/{quote(written)}/top")
        assert (moved.status_code, unquote(moved["Location"])) == (302, f"/tags/{name}/top")
    assert f"<bdi>From #{shown}, which you follow</bdi>" in browser.get("/").content.decode()
    browser.post(f"/tags/{quote(written)}/unfollow")
    assert "which you follow" not in browser.get("/").content.decode()


@pytest.mark.parametrize("written", ["😀", "🇪🇺", "❤️"])
def test_a_picture_character_is_no_tag(ada: User, cleo: User, written: str) -> None:
    publish(ada, f"#{written}")
    assert not Hashtag.objects.exists()
    assert Api(cleo)("PUT", f"hashtags/{quote(written)}/follow").status_code == 404
