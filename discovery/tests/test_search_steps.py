"""What is left of search when PostgreSQL takes too long: each step, what people read then, and that it comes back."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client

from accounts.tests.factories import Api
from conftest import _as_owner as as_owner
from discovery.search import steps
from discovery.search.documents import keep_posts
from discovery.tests.finding import known, people, posts, said, suggested
from feeds.models import Hashtag, PostHashtag
from socialnet.kernel import overload, redis

pytestmark = pytest.mark.django_db(transaction=True)
VISITOR = AnonymousUser()


@pytest.fixture(autouse=True)
def long_pauses(monkeypatch):
    """No step is tried again before a test says so."""
    for one in steps.ALL:
        monkeypatch.setattr(one._breaker, "_reset_timeout", 600.0)
    monkeypatch.setattr(steps, "BUDGET_MS", 300)
    monkeypatch.setattr(steps, "NAMES_BUDGET_MS", 200)


@contextmanager
def locked(*tables: str) -> Iterator[None]:
    """Whoever reads these tables waits, as behind an operator's mistake, until their time is over."""
    with closing(as_owner(connection.settings_dict["NAME"])) as owner, owner.cursor() as cursor:
        owner.autocommit = False
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        yield
        owner.rollback()


@pytest.fixture
def town(ada):
    known("harriet", display_name="Harriet", bio="keeps bees")
    post = said(ada, "harbour lights #harbour")
    PostHashtag.objects.create(hashtag=Hashtag.objects.create(name="harbour", display="Harbour"), post=post)
    keep_posts([post.pk])
    return post


def comes_back(condition: Callable[[], object], seconds: float = 20) -> None:
    """The pause is nearly over: what is asked by and by becomes true."""
    for one in steps.ALL:
        one._breaker._reset_timeout = 0.5
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds
        time.sleep(0.1)


def tried(act: Callable[[], object]) -> int:
    """How many steps `act` asked PostgreSQL for; those that rest are not asked."""
    before = sum(one.snapshot()["fires"] for one in steps.ALL)
    act()
    return sum(one.snapshot()["fires"] for one in steps.ALL) - before


def search(text: str, **more: str):
    redis._client().flushall()  # nothing of a moment ago
    return Client().get("/search", {"q": text, **more})


def test_suggestions_go_first_and_results_stay(town):
    assert suggested("har", VISITOR) == ["harriet", "#harbour"]
    with locked("feeds_posthashtag"):
        for _ in range(steps.FAILURES):
            assert suggested("har", VISITOR) == []
        assert steps.suggestions.is_open
        assert tried(lambda: suggested("har", VISITOR)) == 0
    assert posts("harbour", VISITOR) == [town.pk] and people("bees", VISITOR) == ["harriet"]
    comes_back(lambda: suggested("har", VISITOR))
    assert steps.suggestions.state == "closed"


def test_then_names_by_their_beginnings_and_a_banner(town):
    with locked("feeds_postcounts"):
        for _ in range(10):
            page = search("harbour", type="posts")
            assert page.status_code == 200 and "Search is slow just now." in page.content.decode()
        assert steps.search.is_open
        assert suggested("har", VISITOR) == []
        assert "harriet" in search("harr", type="users").content.decode()
        assert "Nothing was found" in search("bees", type="users").content.decode()
        answer = Api()("GET", "search?q=harr&type=users")
        assert answer["X-Search-Mode"] == "names" and len(answer.json()["results"]) == 1
    comes_back(lambda: "slow just now" not in search("bees", type="users").content.decode())
    assert people("bees", VISITOR) == ["harriet"]
    assert steps.search.state == "closed" and suggested("har", VISITOR)


def test_then_a_sentence_and_it_comes_back_by_itself(town):
    with locked("discovery_searchdocument"):
        for _ in range(10):
            page = search("harriet", type="users")
            assert page.status_code == 503 and "Search is taking a rest." in page.content.decode()
        assert "Search is paused." in page.content.decode() and 'value="harriet"' in page.content.decode()
        assert tried(lambda: search("harriet")) == 0
        answer = Api()("GET", "search?q=harriet&type=users")
        assert (
            answer.status_code == 503 and answer.json()["code"] == "search_paused" and answer["Retry-After"]
        )
        assert Api()("GET", "search/suggest?q=har").json() == {"results": []}
        assert Client().get("/help/").status_code == 200
    comes_back(lambda: search("harriet", type="users").status_code == 200)
    comes_back(lambda: people("bees", VISITOR) == ["harriet"])
    comes_back(lambda: suggested("har", VISITOR))
    assert steps.search.state == steps.suggestions.state == "closed"


def test_states_are_told(town):
    told = Client().get("/health/circuit-breakers").json()["breakers"]
    assert {"search", "search, names", "search, suggestions"} <= set(told)


def test_without_redis_the_first_page_is_there(ada, redis_process):
    for number in range(25):
        said(ada, f"harbour {number}")
    redis_process.stop()
    try:
        page = Client().get("/search", {"q": "harbour", "type": "posts"})
        assert page.status_code == 200 and page.content.decode().count("<article") == 20
        assert 'rel="next"' not in page.content.decode()
        assert Api()("GET", "search/suggest?q=ad").status_code == 200
    finally:
        redis_process.start()


def test_suggestions_rest_while_too_much_is_going_on(town, monkeypatch):
    monkeypatch.setattr(overload, "is_strained", lambda: True)
    assert suggested("har", VISITOR) == [] and posts("harbour", VISITOR) == [town.pk]
