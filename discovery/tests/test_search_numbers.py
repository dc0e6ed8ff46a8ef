"""How much is searched is counted; who asked for what is kept nowhere, and what few asked for is not, either."""

import logging
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from discovery.models import PopularSearch, SearchDay
from discovery.search import numbers
from discovery.search.query import parse
from discovery.tests.finding import known, said
from socialnet.kernel import redis

pytestmark = pytest.mark.django_db


def all_in_redis() -> bytes:
    """Everything but cards, which say what posts say."""
    client, found = redis._client(), []
    for key in client.scan_iter():
        found.append(key)
        if client.type(key) == b"hash":
            found += [part for pair in client.hgetall(key).items() for part in pair]
        elif client.type(key) == b"string" and not key.startswith(b"card:"):
            found.append(client.get(key))
    return b"\n".join(part for part in found if part).lower()


def test_searches_are_counted_with_those_that_found_nothing(ada, client):
    said(ada, "fog")
    for typed in ("fog", "zzzz"):
        client.get("/search", {"q": typed})
        Api()("GET", f"search?q={typed}&type=users")
    assert numbers.keep_counts() == 4
    posts, users = SearchDay.objects.get(kind="posts"), SearchDay.objects.get(kind="users")
    assert (posts.searches, posts.empty) == (2, 1) and (users.searches, users.empty) == (2, 2)
    client.get("/search", {"q": "fog"})
    assert numbers.keep_counts() == 1 and numbers.keep_counts() == 0
    posts.refresh_from_db()
    assert posts.searches == 3 and posts.day == datetime.now(UTC).date()


def test_the_place_that_is_opened_is_counted(ada, client):
    for rank in (1, 4):
        assert client.post("/search/opened", {"type": "posts", "rank": rank}).status_code == 204
    numbers.keep_counts()
    row = SearchDay.objects.get()
    assert (row.clicks, row.ranks) == (2, 5)


@pytest.mark.parametrize("sent", [{}, {"type": "posts"}, {"type": "x", "rank": 1}, {"type": "posts", "rank": "0"},
                                  {"type": "posts", "rank": "501"}, {"type": "posts", "rank": "-1"},
                                  {"type": "posts", "rank": "९"},
                                  {"type": "posts", "rank": "9" * 5000}])  # fmt: skip
def test_nonsense_is_not_counted(client, sent):
    assert client.post("/search/opened", sent).status_code == 400


def test_what_cannot_be_written_down_is_counted_later(ada, client, monkeypatch):
    client.get("/search", {"q": "zzzz"})
    with monkeypatch.context() as broken:
        broken.setattr(
            numbers, "_TAKE", "SELECT 1 / 0 WHERE %s::date IS NOT NULL" + " AND %s IS NOT NULL" * 5
        )
        with pytest.raises(DatabaseError), transaction.atomic():
            numbers.keep_counts()
    numbers.keep_counts()
    assert SearchDay.objects.get(kind="posts").searches == 1


def test_only_what_ten_people_ask_for_is_written_down(ada):
    said(ada, "lighthouse")
    people = [person() for _ in range(10)]
    for who in [*people[:9], *people[:9]]:
        page_of(who).get("/search", {"q": "LightHouse"})
    page_of().get("/search", {"q": "lighthouse"})  # a visitor is nobody in particular
    assert b"lighthouse" not in all_in_redis()
    numbers.keep_counts()
    assert not PopularSearch.objects.exists()
    page_of(people[9]).get("/search", {"q": "lighthouse"})
    numbers.keep_counts()
    numbers.keep_counts()
    popular = PopularSearch.objects.get()
    assert (popular.words, popular.people) == ("lighthouse", 10)


def test_nothing_of_a_search_is_in_logs_redis_or_tables(ada, caplog, capfd):
    known("harriet")
    said(ada, "unmistakable")
    caplog.set_level(logging.DEBUG)
    browser = page_of(ada)
    for kind in ("all", "users", "posts", "hashtags"):
        browser.get("/search", {"q": "unmistakable", "type": kind})
        browser.get("/search", {"q": "unmistakble from:following", "type": kind})
    Api(ada)("GET", "search/suggest?q=unmistakab")
    numbers.keep_counts()
    told = capfd.readouterr()
    assert "unmistak" not in caplog.text + told.out + told.err
    assert b"unmistak" not in all_in_redis()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_event WHERE payload::text LIKE '%unmistak%'")
        assert cursor.fetchone()[0] == 0


def test_the_admin_draws_it_and_says_it_in_a_table(ada, client):
    User.objects.filter(pk=ada.pk).update(is_staff=True, is_superuser=True)
    numbers.count_click(kind="posts", rank=3)
    for found in (True, False):
        numbers.count_search(parse("fog"), kind="posts", viewer=AnonymousUser(), found=found)
    numbers.keep_counts()
    page = page_of(ada).get("/admin/discovery/searchday/").content.decode()
    assert "<rect" in page and "As a table" in page and "50.0" in page and "3.0" in page
    assert page_of(ada).get("/admin/discovery/popularsearch/").status_code == 200


def test_without_redis_nothing_is_counted_and_search_goes_on(ada, client, redis_process):
    said(ada, "fog")
    redis_process.stop()
    try:
        assert client.get("/search", {"q": "fog"}).status_code == 200
    finally:
        redis_process.start()
