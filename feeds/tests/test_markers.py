"""How far people have read: it only moves forward, is the same everywhere, and shows as a line where the news end."""

import os
import random
import re

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts import actions as people
from accounts.tests.factories import Api, page_of, person
from accounts.tests.test_follow_races import at_once
from feeds import markers, upkeep
from feeds.actions import delete_post, move_marker
from feeds.errors import ImpossibleMarker
from feeds.models import ReadMarker
from feeds.tests.factories import plant_many, publish
from socialnet.kernel import redis
from socialnet.kernel.pagination import Cursor
from socialnet.kernel.postgres.base import DatabaseWrapper
from socialnet.outbox.ids import MAX_ID, id_at
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
TIMES = int(os.environ.get("RACE_TIMES", "1"))
LINE = "New since you were here"


@pytest.fixture
def home(ada, ben):
    """Ben follows ada; `home(many)` are the ids of that many posts of hers, the newest first."""

    def fill(many: int) -> list[int]:
        made = plant_many(ada, many)
        people.follow_user(follower=ben, followee=ada)
        drain()
        return [post.pk for post in reversed(made)]

    return fill


def at(user) -> int | None:
    return ReadMarker.objects.filter(pk=user.pk).values_list("last_read_id", flat=True).first()


def order_of(html: str) -> list[str]:
    """The ids of the posts of a page, and `here` where the line stands."""
    return re.findall(r'<(?:article|p) class="(?:card post[^"]*|here)" id="(?:post-)?(\w+)"', html)


def texts(ids: list[int]) -> list[str]:
    return [str(ident) for ident in ids]


def read(user, address: str = "/", **options) -> str:
    return page_of(user).get(address, **options).content.decode()


def link_in(html: str, words: str) -> str:
    """Where the link leads that begins the row with these words, or has them."""
    found = next(tag for tag in re.findall(r"<a [^>]*>.*?</a>", html, re.DOTALL) if words in tag)
    return re.search(r'href="([^"]*)"', found)[1].replace("&amp;", "&")  # type: ignore[index]


# --- the position -------------------------------------------------------------------------------------------


def test_it_moves_forward_and_never_back(ada):
    first = move_marker(person=ada, post_id=500)
    assert (first.last_read_id, at(ada)) == (500, 500)
    for post_id in (3, 500):
        again = move_marker(person=ada, post_id=post_id)
        assert (again.last_read_id, again.updated_at) == (500, first.updated_at)
    assert at(ada) == 500
    further = move_marker(person=ada, post_id=501)
    assert at(ada) == further.last_read_id == 501
    assert further.updated_at > first.updated_at
    assert markers.marker_of(person=ada) == further


def test_everybody_has_their_own(ada, ben):
    move_marker(person=ada, post_id=500)
    assert markers.marker_of(person=ben) is None
    move_marker(person=ben, post_id=300)
    assert (at(ada), at(ben)) == (500, 300)


def test_the_newest_post_there_can_be_is_the_last(ada):
    assert move_marker(person=ada, post_id=publish(ada).pk)
    newest = at(ada)
    for post_id in (0, -1, MAX_ID + 1, MAX_ID, id_at(timezone.now()) + (60_000 << 12)):
        with pytest.raises(ImpossibleMarker):
            move_marker(person=ada, post_id=post_id)
    assert at(ada) == newest


def test_a_gone_post_is_still_a_place(ada, home, ben):
    newest, *_older = home(3)
    delete_post(post=ada.posts.get(pk=newest), actor=ada)
    assert move_marker(person=ben, post_id=newest).last_read_id == newest


def test_who_leaves_leaves_no_place_behind(ada, ben):
    move_marker(person=ada, post_id=500)
    move_marker(person=ben, post_id=500)
    assert markers.last_read(ada.pk) == 500
    upkeep.forget_person(ada.pk)
    assert (at(ada), at(ben)) == (None, 500)
    assert markers.last_read(ada.pk) is None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(TIMES))
def test_many_devices_at_once_end_at_the_furthest(round_):
    ada = person("ada")
    wanted = random.Random(round_).sample(range(1, 10_000), 12)
    answers = at_once(
        *[lambda post_id=post_id: move_marker(person=ada, post_id=post_id) for post_id in wanted]
    )
    assert at(ada) == max(wanted)
    assert markers.last_read(ada.pk) == max(wanted)
    assert all(answer.last_read_id >= post_id for answer, post_id in zip(answers, wanted, strict=True))


# --- what it costs, and whatever happens to the engines -----------------------------------------------------


def test_a_page_asks_once_then_redis_knows(ada, ben, django_assert_num_queries):
    move_marker(person=ada, post_id=500)
    redis._client().flushall()  # as some seconds later, when what was dropped may be kept again
    for user, there in ((ada, 500), (ben, None)):
        with django_assert_num_queries(1):
            assert markers.last_read(user.pk) == there
        with django_assert_num_queries(0):
            assert markers.last_read(user.pk) == there


def test_what_redis_knows_is_dropped_when_it_moves(ada):
    assert markers.last_read(ada.pk) is None
    for post_id in (500, 600):
        move_marker(person=ada, post_id=post_id)
        assert markers.last_read(ada.pk) == post_id


def test_the_page_costs_the_facts_and_nothing_for_the_line(ben, home, django_assert_max_num_queries):
    ids = home(25)
    move_marker(person=ben, post_id=ids[4])
    redis._client().flushall()
    browser = page_of(ben)
    browser.get("/")
    browser.get("/")
    with django_assert_max_num_queries(9) as caught:
        assert "here" in order_of(browser.get("/").content.decode())
    assert not [query for query in caught.captured_queries if "readmarker" in query["sql"]]


def test_without_redis_the_line_is_where_it_was(ben, home, redis_process):
    ids = home(5)
    move_marker(person=ben, post_id=ids[2])
    redis_process.stop()
    try:
        assert order_of(read(ben)) == [*texts(ids[:2]), "here", *texts(ids[2:])]
    finally:
        redis_process.start()
        redis.breaker.close()


def test_without_postgresql_home_reads_on_with_the_line_that_is_kept(ben, home, monkeypatch):
    ids = home(5)
    move_marker(person=ben, post_id=ids[2])
    redis._client().flushall()
    browser = page_of(ben)
    browser.get("/")

    def refuse(self, *args: object, **kwargs: object):
        raise OperationalError("connection refused")

    monkeypatch.setattr(DatabaseWrapper, "cursor", refuse)
    kept = browser.get("/")
    assert kept.status_code == 200 and "Writing is paused." in kept.content.decode()
    assert order_of(kept.content.decode()) == [*texts(ids[:2]), "here", *texts(ids[2:])]
    assert "I have seen these" not in kept.content.decode()
    with redis.door() as client:
        client.delete(markers.MARKER.key(ben.pk))
    without = browser.get("/")
    assert without.status_code == 200
    assert order_of(without.content.decode()) == texts(ids)
    assert markers.last_read(ben.pk) is None


# --- the API ------------------------------------------------------------------------------------------------


def test_programs_read_and_move_it(ada, ben):
    api = Api(ada)
    empty = api("GET", "feed/marker")
    assert (empty.status_code, empty.json()) == (200, {"last_read_id": None, "updated_at": None})
    assert "no-store" in empty["Cache-Control"]
    moved = api("PUT", "feed/marker", {"last_read_id": "500"})
    assert (moved.status_code, moved.json()["last_read_id"]) == (200, "500")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", moved.json()["updated_at"])
    back = api("PUT", "feed/marker", {"last_read_id": "4"})
    assert (back.status_code, back.json()) == (200, moved.json())
    assert api("GET", "feed/marker").json() == moved.json()
    assert Api(ben)("GET", "feed/marker").json()["last_read_id"] is None


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "500",
        {},
        {"last_read_id": None},
        {"last_read_id": ""},
        {"last_read_id": "0"},
        {"last_read_id": "-5"},
        {"last_read_id": "5.5"},
        {"last_read_id": "٥"},
        {"last_read_id": "abc"},
        {"last_read_id": True},
        {"last_read_id": ["5"]},
        {"last_read_id": str(MAX_ID)},
        {"last_read_id": str(MAX_ID + 1)},
        {"last_read_id": "9" * 16},
        {"last_read_id": "9" * 40},
        {"last_read_id": "5", "updated_at": "2020-01-01T00:00Z"},
    ],
)
def test_bad_input_is_refused_and_moves_nothing(ada, body):
    answer = Api(ada)("PUT", "feed/marker", body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    if isinstance(body, dict):
        assert set(answer.json()["errors"]) == {"updated_at" if "updated_at" in body else "last_read_id"}
    assert at(ada) is None


def test_a_place_that_cannot_be_has_a_code_of_its_own(ada):
    answer = Api(ada)("PUT", "feed/marker", {"last_read_id": str(MAX_ID)}).json()
    assert answer["code"] == "impossible_marker"
    assert answer["errors"] == {"last_read_id": ["There can be no post with this id."]}


def test_only_who_may_gets_in(ada):
    body = {"last_read_id": "500"}
    for method in ("GET", "PUT"):
        assert Api()(method, "feed/marker", body).status_code == 401
    for method in ("POST", "PATCH", "DELETE"):
        assert Api(ada)(method, "feed/marker", body).status_code == 405
    reader = Api(ada, scopes=("read",))
    assert reader("GET", "feed/marker").status_code == 200
    refused = reader("PUT", "feed/marker", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert at(ada) is None


def test_moving_waits_while_writing_is_paused(ada, monkeypatch):
    api = Api(ada)
    api("GET", "feed/marker")

    def refuse(self, *args: object, **kwargs: object):
        raise OperationalError("connection refused")

    monkeypatch.setattr(DatabaseWrapper, "cursor", refuse)
    for method in ("GET", "PUT"):
        assert api(method, "feed/marker", {"last_read_id": "500"}).status_code == 503


# --- the page -----------------------------------------------------------------------------------------------


def test_the_line_stands_between_what_is_new_and_what_was_there(ben, home):
    ids = home(6)
    assert order_of(read(ben)) == texts(ids)  # the first visit: all is new, and there is no line
    move_marker(person=ben, post_id=ids[2])
    html = read(ben)
    assert order_of(html) == [*texts(ids[:2]), "here", *texts(ids[2:])]
    assert html.count(LINE) == 1
    assert f'data-marker="{ids[2]}"' in html
    assert "Go to where you were" not in html  # few enough to be seen
    move_marker(person=ben, post_id=ids[0])
    assert order_of(read(ben)) == texts(ids)


def test_many_new_posts_are_counted_and_jumped_over(ben, home):
    ids = home(6)
    move_marker(person=ben, post_id=ids[4])
    html = read(ben)
    assert "4 new since you were here" in html
    assert link_in(html, "Go to where you were") == "#here"
    assert 'id="here" tabindex="-1"' in html


def test_a_gone_post_keeps_the_line_where_it_was(ada, ben, home):
    ids = home(6)
    move_marker(person=ben, post_id=ids[2])
    delete_post(post=ada.posts.get(pk=ids[2]), actor=ada)
    assert order_of(read(ben)) == [*texts(ids[:2]), "here", *texts(ids[3:])]


def test_ones_own_post_is_no_news(ben, home):
    ids = home(3)
    move_marker(person=ben, post_id=ids[0])
    own = publish(ben)
    drain()
    assert order_of(read(ben)) == texts([own.pk, *ids])


def test_the_way_back_to_where_one_was_on_a_further_page(ada, ben, home):
    ids = home(50)
    move_marker(person=ben, post_id=ids[33])
    first = read(ben)
    assert "here" not in order_of(first)
    assert "20+ new since you were here" in first
    there = read(ben, "/" + link_in(first, "Go to where you were"))
    assert order_of(there) == ["here", *texts(ids[33:])]
    assert link_in(there, "Newest posts") == "/"
    assert "I have seen these" not in there

    # where the post that was read last is gone, its neighbour is the first
    delete_post(post=ada.posts.get(pk=ids[33]), actor=ada)
    assert order_of(read(ben, "/" + link_in(first, "Go to where you were")))[:2] == ["here", str(ids[34])]


def test_older_posts_carry_the_line_to_the_page_where_it_belongs(ben, home):
    ids = home(50)
    move_marker(person=ben, post_id=ids[33])
    first = read(ben)
    second_address = "/" + link_in(first, "Older posts")
    assert f"since={ids[33]}" in second_address
    move_marker(person=ben, post_id=ids[0])  # what a script does meanwhile
    for options in ({}, {"headers": {"X-Partial": "items"}}):
        second = read(ben, second_address, **options)
        assert order_of(second) == [*texts(ids[20:33]), "here", *texts(ids[33:40])]
        third_address = "/" + link_in(second, "Older posts")
        assert "since" not in third_address
    third = read(ben, third_address)
    assert order_of(third) == texts(ids[40:])
    assert "data-marker" not in third and link_in(third, "Newest posts") == "/"


def test_the_line_at_the_seam_of_two_pages(ben, home):
    ids = home(25)
    move_marker(person=ben, post_id=ids[20])
    first = read(ben)
    assert "here" not in order_of(first)
    assert order_of(read(ben, "/" + link_in(first, "Older posts"))) == ["here", *texts(ids[20:])]


@pytest.mark.parametrize("since", ["0", "-1", "x", "5.5", "٥", "9" * 16, "9" * 40, str(MAX_ID + 1), ""])
def test_a_damaged_link_is_told(ben, home, since):
    home(3)
    cursor = Cursor(before=MAX_ID).encode()
    assert page_of(ben).get("/", {"cursor": cursor, "since": since}).status_code == 400


def test_profiles_and_visitors_have_no_line(ada, ben, home):
    ids = home(3)
    move_marker(person=ben, post_id=ids[1])
    for html in (read(ben, "/@ada"), read(None, "/"), read(None, "/@ada"), read(ben, "/home/new")):
        assert LINE not in html and "data-marker" not in html


def test_without_scripts_a_button_says_what_was_seen(ben, home):
    ids = home(4)
    html = read(ben)
    form = re.search(r"<noscript>.*?</noscript>", html, re.DOTALL)[0]  # type: ignore[index]
    assert 'action="/home/read"' in form and f'value="{ids[0]}"' in form
    answer = page_of(ben).post("/home/read", {"post_id": ids[0]})
    assert (answer.status_code, answer.url, at(ben)) == (302, "/", ids[0])
    assert "I have seen these" not in read(ben)


@pytest.mark.parametrize("post_id", ["", "x", "0", "-3", str(MAX_ID), "9" * 30])
def test_the_button_with_bad_input(ben, post_id):
    assert page_of(ben).post("/home/read", {"post_id": post_id}).status_code == 400
    assert at(ben) is None


def test_the_button_is_for_members_and_posts_only(ben):
    assert page_of(ben).get("/home/read").status_code == 405
    assert page_of().post("/home/read", {"post_id": "5"}).status_code == 302
    assert not ReadMarker.objects.exists()


def test_reading_a_page_moves_nothing(ben, home):
    home(3)
    read(ben)
    assert at(ben) is None
