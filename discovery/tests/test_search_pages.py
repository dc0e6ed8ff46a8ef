"""The page of search and its API: what people see, what is refused, and what it costs."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import block_user
from accounts.models import User
from accounts.tests.factories import Api, follows, page_of
from discovery.search.query import parse
from discovery.selectors.documents import Type, search_page
from discovery.tests.finding import known, said
from feeds.tests.factories import publish
from socialnet.kernel import cache, redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def text_of(answer):
    return answer.content.decode()


@pytest.fixture
def town(ada, ben):
    known("harriet", display_name="Harriet Fog", bio="I like fog & <b>mist</b>")
    follows(ben, ada)
    post = publish(
        ada,
        "Fog & <script>alert(1)</script> over the **fog**horn #fog [fog](https://example.com/fog?a=1&b=2)",
    )
    drain(allow_failures=True)  # nobody outside answers
    return post


# --- the page ------------------------------------------------------------------------------------------------


def test_an_empty_page_explains_and_asks(client):
    page = text_of(client.get("/search"))
    assert 'role="search"' in page and "from:ada" in page and "autofocus" in page
    assert "from:following" not in page  # nobody is signed in


def test_everything_at_once(town, client):
    page = text_of(client.get("/search", {"q": "fog"}))
    assert "Harriet <mark>Fog</mark>" in page and "<bdi>#fog</bdi>" in page and f"post-{town.pk}" in page


def test_marks_are_only_in_text(town, client):
    page = text_of(client.get("/search", {"q": "fog", "type": "posts"}))
    assert "<mark>Fog</mark> &amp; &lt;script&gt;" in page and "<script>alert" not in page
    assert 'href="https://example.com/fog?a=1&amp;b=2"' in page
    people = text_of(client.get("/search", {"q": "mist", "type": "users"}))
    assert "I like fog &amp; " in people and "<b>mist</b>" not in people


@pytest.mark.parametrize("typed", ['"><script>x()</script>', "' onfocus=x()", "<mark>"])
def test_what_is_typed_is_only_shown(typed, client):
    page = text_of(client.get("/search", {"q": typed}))
    assert typed not in page and "<script>x" not in page


def test_tabs_and_forms_work_without_scripts(town, client):
    page = text_of(client.get("/search", {"q": "fog"}))
    for kind in ("posts", "users", "hashtags"):
        assert f'href="/search?q=fog&amp;type={kind}"' in page
        assert client.get("/search", {"q": "fog", "type": kind}).status_code == 200
    assert client.get("/search", {"q": "fog", "type": "nonsense"}).status_code == 200


def test_nothing_found_helps(town, client):
    nothing = text_of(client.get("/search", {"q": "zzzz"}))
    assert "Nothing was found" in nothing and "Search more precisely" in nothing
    elsewhere = text_of(client.get("/search", {"q": "harriet", "type": "posts"}))
    assert "There is something elsewhere" in elsewhere and "type=users" in elsewhere
    narrow = text_of(client.get("/search", {"q": "fog from:harriet"}))
    assert "without one of the conditions" in narrow


def test_did_you_mean(town, client):
    page = text_of(client.get("/search", {"q": "hariet", "type": "users"}))
    assert "Did you mean" in page and 'href="/search?q=harriet&amp;type=users"' in page


def test_nobody_is_meant_who_may_not_be_seen(town, ada, client):
    block_user(blocker=User.objects.get(username="harriet"), blocked=ada)
    assert "harriet" not in text_of(page_of(ada).get("/search", {"q": "hariet", "type": "users"})).lower()
    assert "Did you mean" in text_of(client.get("/search", {"q": "hariet", "type": "users"}))


def test_further_pages_go_through_the_door(ada, ben, client):
    for number in range(25):
        said(ada, f"fog {number}")
    page = text_of(client.get("/search", {"q": "fog", "type": "posts"}))
    further = re.search(r'rel="next" href="\?([^"]+)"', page)[1].replace("&amp;", "&")
    assert page.count("<article") == 20
    more = client.get(f"/search?{further}", headers={"X-Partial": "items"})
    assert text_of(more).count("<article") == 5 and "<html" not in text_of(more)
    assert client.get("/search", {"q": "fog", "type": "posts", "cursor": "x"}).status_code == 400
    redis._client().flushall()
    late = client.get(f"/search?{further}")
    assert late.status_code == 200 and "is not kept any longer" in text_of(late)
    scrolled = client.get(f"/search?{further}", headers={"X-Partial": "items"})
    assert scrolled.status_code == 200 and "is not kept any longer" in text_of(scrolled)
    assert "Search again" in text_of(scrolled) and "<html" not in text_of(scrolled)


def test_the_field_is_on_other_pages(ada):
    home = text_of(page_of(ada).get("/"))
    assert 'action="/search"' in home and "data-search-link" in home
    assert 'action="/search"' in text_of(page_of().get("/help/"))


def test_answers_are_private(client):
    answer = client.get("/search", {"q": "fog"})
    assert "no-store" in answer["Cache-Control"]
    assert 'content="noindex"' in text_of(answer)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused(client, method):
    assert getattr(client, method)("/search").status_code == 405
    assert client.get("/search/opened").status_code == 405


# --- the API -------------------------------------------------------------------------------------------------


def test_the_api_finds_with_highlights(town, ben):
    answer = Api(ben)("GET", "search?q=fog")
    (found,) = answer.json()["results"]
    assert answer["X-Search-Mode"] == "whole" and answer["Cache-Control"] == "private, no-store"
    assert found["type"] == "post" and found["post"]["id"] == str(town.pk) and found["user"] is None
    parts = found["highlights"]["content"]
    assert parts[0] == {"text": "Fog", "is_match": True}
    assert "".join(part["text"] for part in parts).startswith("Fog & <script>")
    (person,) = Api()("GET", "search?q=harriet&type=users").json()["results"]
    assert person["user"]["username"] == "harriet" and "relation" not in person["user"]
    assert person["highlights"]["username"] == [{"text": "harriet", "is_match": True}]
    (tag,) = Api()("GET", "search?q=fo&type=hashtags").json()["results"]
    assert tag["hashtag"]["name"] == "fog"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("search", "q"), ("search?q=", "q"), ("search?q=%20", "q"), ("search?q=a&type=things", "type"),
        ("search/suggest", "q"), ("search/suggest?q=a&type=posts", "type"), ("search?q=a&limit=x", "limit"),
        (f"search?q={'a' * 4000}", "q"), ("search?q=a&other=1", "other"),
    ],
)  # fmt: skip
def test_bad_questions_are_refused(path, field):
    answer = Api()("GET", path)
    assert answer.status_code == 400 and field in answer.json()["errors"]


@pytest.mark.parametrize("path", ["search", "search/suggest"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_api_only_reads(ada, method, path):
    assert Api(ada)(method, f"{path}?q=a").status_code == 405


def test_pages_and_sparse_fields(ada):
    for number in range(5):
        said(ada, f"fog {number}")
    first = Api()("GET", "search?q=fog&limit=3&fields=type,post.id").json()
    assert first["has_more"] and set(first["results"][0]) == {"type", "post"}
    rest = Api()("GET", f"search?q=fog&limit=3&cursor={first['next_cursor']}").json()
    ids = [found["post"]["id"] for found in [*first["results"], *rest["results"]]]
    assert len(set(ids)) == 5 and not rest["has_more"]


def test_suggestions_by_the_api(town, ben):
    found = Api(ben)("GET", "search/suggest?q=fo").json()["results"]
    assert {(one["type"], (one["user"] or one["hashtag"]).get("name")) for one in found} == {
        ("hashtag", "fog"), ("user", None),
    }  # fmt: skip
    assert {one["type"] for one in Api()("GET", "search/suggest?q=fo&type=hashtags").json()["results"]} == {
        "hashtag"
    }


# --- what it costs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["posts", "users", "hashtags"])
def test_it_costs_the_same_for_five_and_for_twenty(ada, ben, kind):
    counted = []
    for many in (5, 20):
        for number in range(many):
            known(f"foggy_{many}_{number}")
            publish(ada, f"foggy{many} #foggy{many}x{number}")
        drain()
        text = f"foggy_{many}" if kind == "users" else f"foggy{many}"
        search_page(parse(text), kind=Type(kind), viewer=ben)  # its stems are known from now on
        redis._client().flushall()
        cache.forget_here()
        with CaptureQueriesContext(connection) as seen:
            page = search_page(parse(text), kind=Type(kind), viewer=ben)
        assert len(page.items) == many
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_visitors_and_people_cost_no_more_than_this(town, ben, django_assert_max_num_queries):
    for viewer in (ben, AnonymousUser()):
        browser = page_of(viewer if viewer.is_authenticated else None)
        browser.get("/search", {"q": "warm up"})
        with django_assert_max_num_queries(34):
            browser.get("/search", {"q": "fog"})
