"""Pages of tags, through the page and the API: every spelling, every viewer, the index behind them."""

from contextlib import closing
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from conftest import _as_owner as as_owner
from feeds import newest, tag_counts
from feeds.actions import delete_post, share_post
from feeds.models import Hashtag, Post, PostHashtag
from feeds.selectors import tagged_posts
from feeds.tag_pages import tag_card
from feeds.tests.factories import plant_many, publish
from feeds.tests.test_indexes import plans_of
from socialnet.kernel.pagination import Cursor

pytestmark = pytest.mark.django_db


def ids_of(viewer: Any, name: str, *, size: int = 20) -> list[int]:
    ids, cursor = [], None
    while True:
        page = tagged_posts(name=name, viewer=viewer, cursor=cursor, size=size)
        ids += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Wien", "wien"),
        ("WIEN", "wien"),
        ("café", "café"),
        ("cafe\u0301", "café"),
        ("Straße", "strasse"),
        ("東京", "東京"),
        ("ﬁsh", "fish"),
        ("سلام", "سلام"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_every_spelling_leads_to_the_one_page(ada: User, written: str, name: str) -> None:
    post = publish(ada, f"Look: #{written} today")
    url = f"/tags/{quote(name)}"
    answer = page_of().get(f"/tags/{quote(written)}")
    if written != name:
        assert (answer.status_code, unquote(answer["Location"])) == (302, f"/tags/{name}")
    shown = page_of().get(url)
    assert shown.status_code == 200 and "Look:" in shown.content.decode()
    assert f"#{Hashtag.objects.get().display}</bdi>" in shown.content.decode()
    listed = Api()("GET", f"hashtags/{quote(written)}/posts").json()["results"]
    assert [each["id"] for each in listed] == [str(post.pk)]
    assert f'href="{url}"' in listed[0]["content_html"]


@pytest.mark.parametrize(
    "written", ["a b", "-", "%F0%9F%98%80", "a" * 200, "%20", "a%0Ab", "a-b", "..", "%2e%2e"]
)
def test_what_is_no_tag_is_not_found(ada: User, written: str) -> None:
    for path in (f"/tags/{written}", f"/tags/{written}/rss"):
        assert page_of().get(path).status_code == 404
    for path in (f"hashtags/{written}", f"hashtags/{written}/posts"):
        assert Api()("GET", path).status_code == 404


def test_a_tag_that_nobody_uses_is_an_empty_page_that_is_not_listed(ada: User) -> None:
    answer = page_of().get("/tags/nothing")
    assert answer.status_code == 200
    assert "Nothing with #nothing yet" in answer.content.decode()
    assert '<meta name="robots" content="noindex">' in answer.content.decode()
    assert answer["X-Robots-Tag"] == "noindex"
    told = Api()("GET", "hashtags/nothing").json()
    assert (told["name"], told["display"]) == ("nothing", "nothing")
    assert told["url"].endswith("/tags/nothing")
    assert Api()("GET", "hashtags/nothing/posts").json()["results"] == []


def test_nobody_learns_from_a_tag_of_posts_that_are_not_for_them(ada: User, ben: User) -> None:
    publish(ada, "#SecretParty", audience="private")
    seen, absent = (
        page_of(ben).get(f"/tags/{name}").content.decode() for name in ("secretparty", "neverused")
    )
    assert "SecretParty" not in seen
    assert Api(ben)("GET", "hashtags/secretparty").json()["display"] == "secretparty"
    assert Api(ada)("GET", "hashtags/secretparty").json()["display"] == "SecretParty"
    assert seen.count("<article") == absent.count("<article") == 0


STATES = {
    "public": {"ada", "ben", "cleo", "visitor"},
    "followers": {"ada", "ben"},
    "friends": {"ada"},
    "private": {"ada"},
    "private account": {"ada", "ben"},
    "suspended": set[str](),
    "deleted": set[str](),
    "hidden": set[str](),
}


@pytest.mark.parametrize("state", STATES)
def test_a_tag_shows_each_viewer_what_the_door_lets_through(
    ada: User, ben: User, cleo: User, dora: User, state: str
) -> None:
    follows(ben, ada)
    blocks(ada, dora)
    audience = state if state in ("public", "followers", "friends", "private") else "public"
    post = publish(ada, "Here is a #word", audience=audience)
    match state:
        case "private account":
            people.set_privacy(user=ada, is_private=True)
        case "suspended":
            people.suspend_user(user=ada, actor=None)
        case "deleted":
            delete_post(post=post, actor=ada)
        case "hidden":
            Post.objects.filter(pk=post.pk).update(hidden_at="2026-01-01T00:00Z")
    viewers = {"ada": ada, "ben": ben, "cleo": cleo, "dora": dora, "visitor": None}
    for name, viewer in viewers.items():
        if state == "suspended" and name == "ada":
            continue  # she is signed out
        expected = name in STATES[state]
        listed = Api(viewer)("GET", "hashtags/word/posts").json()["results"]
        assert (len(listed) == 1) is expected, name
        assert ("Here is a" in page_of(viewer).get("/tags/word").content.decode()) is expected, name
    fed = page_of().get("/tags/word/rss").content.decode()
    assert ("Here is a" in fed) is (state == "public")


def test_pages_are_newest_first_without_gap_and_shares_are_not_in_them(ada: User, ben: User) -> None:
    posts = [publish(ada, f"#count {number}") for number in range(7)]
    share_post(post=posts[3], person=ben)
    expected = [post.pk for post in reversed(posts)]
    assert ids_of(ben, "count", size=3) == expected
    assert ids_of(AnonymousUser(), "count", size=2) == expected
    page = page_of().get("/tags/count", headers={"X-Partial": "items"}).content.decode()
    assert page.count("<article") == 7 and "<html" not in page


def test_a_page_costs_the_same_for_one_post_and_for_twenty(ada: User, django_assert_num_queries: Any) -> None:
    tag = Hashtag.objects.create(name="many", display="Many")
    PostHashtag.objects.bulk_create(PostHashtag(hashtag=tag, post=post) for post in plant_many(ada, 25))
    tag_counts.reconcile([tag.pk])
    Client().get("/tags/many")
    with django_assert_num_queries(1):  # the facts; the ids are kept
        assert len(tagged_posts(name="many", viewer=ada).items) == 20
    with django_assert_num_queries(2):  # and how the tag is written, how often, and whether one follows it
        Client().get("/tags/many")


@pytest.mark.parametrize("query", ["cursor=x", "limit=x", "nonsense=1", "fields=nothing"])
def test_bad_queries_are_400(ada: User, query: str) -> None:
    assert Api()("GET", f"hashtags/word/posts?{query}").status_code == 400
    if query == "cursor=x":
        assert page_of().get(f"/tags/word?{query}").status_code == 400


@pytest.mark.parametrize("path", ["/tags/word", "/tags/word/rss"])
def test_wrong_methods(ada: User, path: str) -> None:
    assert [page_of(ada).post(path).status_code, page_of(ada).put(path).status_code] == [405, 405]
    assert (
        Api(ada)("POST", "hashtags/word").status_code
        == Api(ada)("PUT", "hashtags/word/posts").status_code
        == 405
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["frequent", "old", "rare"])
def test_the_page_walks_the_key_of_the_tag(name: str) -> None:
    ada, ben = person("ada"), person("ben")
    posts = [post for author in (ada, ben, *(person() for _ in range(8))) for post in plant_many(author, 400)]
    tags = {tag: Hashtag.objects.create(name=tag, display=tag.title()) for tag in ("frequent", "old", "rare")}
    used = {"frequent": posts[::2], "old": posts[:1500], "rare": posts[7::1000]}
    PostHashtag.objects.bulk_create(
        PostHashtag(hashtag=tags[tag], post=post) for tag, carriers in used.items() for post in carriers
    )
    with closing(as_owner(connection.settings_dict["NAME"])) as owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE")
    for viewer in (ben, AnonymousUser()):
        for cursor_ in (None, Cursor(before=posts[-1].pk)):
            newest.forget(tags=[name])  # for seconds nothing is kept, and the first page reads the ids
            plan = plans_of(lambda v=viewer, c=cursor_: tagged_posts(name=name, viewer=v, cursor=c)).split(
                "\n\n"
            )[0]
            assert "feeds_posthashtag_pkey" in plan and "Sort" not in plan, plan
            for table in ("feeds_post ", "feeds_posthashtag "):
                assert f"Seq Scan on {table}" not in plan, plan
        plan = plans_of(lambda v=viewer: tag_card(name, viewer=v))
        assert "Seq Scan on feeds_post" not in plan, plan
