"""What everybody reads of an overload, what people are told of it, and how response times come together."""

import time
from collections import Counter

import pytest
from django.test import Client

from socialnet.kernel import overload, redis, response_times, web
from socialnet.kernel.overload import Overloaded, State

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def fresh(redis_process):
    overload.forget_here()
    response_times._counts.clear()
    yield
    overload.forget_here()


def say(level: int, **more) -> None:
    overload.publish(State(level=level, why=("deliveries",), **more))
    overload.forget_here()


def test_calm_is_when_nobody_says_anything():
    assert overload.state() == State()
    assert not overload.bulk_is_paused() and not overload.is_strained() and not overload.homes_come_from_sql()
    overload.check()


@pytest.mark.parametrize("level", [1, 2, 3])
def test_each_level_puts_off_what_those_below_it_do_too(level):
    say(level, bulk_waits=True)
    assert overload.level() == level
    assert overload.bulk_is_paused() and overload.homes_come_from_sql()
    assert overload.is_strained() is (level >= 2)
    if level < 3:
        overload.check()
    else:
        with pytest.raises(Overloaded) as refused:
            overload.check()
        assert refused.value.status == 503 and refused.value.retry_after


def test_it_ends_by_itself_when_nobody_renews_it():
    say(3)
    assert overload.level() == 3
    with redis.door() as client:
        assert 0 < client.ttl("overload") <= overload.LASTS
        client.delete("overload")
    assert overload.level() == 3  # as this process last read it
    overload.forget_here()
    assert overload.level() == 0


def test_it_is_read_again_after_a_moment(monkeypatch):
    say(1)
    assert overload.level() == 1
    overload.publish(State(level=2))
    assert overload.level() == 1
    monkeypatch.setattr(overload, "LOOK_EVERY", 0.0)
    assert overload.level() == 2


def test_without_redis_nothing_is_put_off():
    say(3)
    redis.breaker._breaker.open()
    try:
        assert overload.level() == 0
    finally:
        redis.breaker.close()


@pytest.mark.django_db
def test_people_are_told_in_words():
    pages = {}
    for level in range(4):
        say(level)
        pages[level] = Client().get("/help/").content.decode()
    assert "A lot is going on" not in pages[0] and "A lot is going on" in pages[1]
    assert "previews of links come later" in pages[2]
    assert "Pictures cannot be taken in" in pages[3] and "Posts of text go out as always" in pages[3]
    status = Client().get("/status")
    assert (
        status.status_code == 200 and "wait longer than usual for their delivery" in status.content.decode()
    )
    ready = Client().get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["overload"] == {"level": 3, "why": ["deliveries"]}


@pytest.mark.django_db
def test_an_engine_that_is_away_goes_before(monkeypatch):
    say(3)
    redis.breaker._breaker.open()
    try:
        assert "slower" in web.banner()["title"]
    finally:
        redis.breaker.close()


# --- response times ----------------------------------------------------------------------------------------


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(response_times, "FLUSH_EVERY", 0.0)


def test_nineteen_of_twenty_were_answered_within(at_once):
    for _ in range(95):
        response_times.note(0.05)
    for _ in range(5):
        response_times.note(5)
    assert response_times.p95() == pytest.approx(50, rel=0.1)
    response_times.note(5)
    assert response_times.p95() == pytest.approx(5000, rel=0.1)


def test_few_requests_say_nothing(at_once):
    for _ in range(19):
        response_times.note(9)
    assert response_times.p95() is None
    response_times.note(9)
    assert response_times.p95() > 8000


def test_they_are_told_together_every_few_seconds_and_forgotten(monkeypatch):
    monkeypatch.setattr(response_times, "_flushed_at", time.monotonic())
    for _ in range(30):
        response_times.note(0.1)
    assert response_times.p95() is None and response_times._counts.total() == 30
    monkeypatch.setattr(response_times, "_flushed_at", time.monotonic() - 3)
    response_times.note(0.1)
    assert response_times.p95() == pytest.approx(100, rel=0.1) and response_times._counts == Counter()
    with redis.door() as client:
        (key,) = client.keys("response_times:*")
        assert 0 < client.ttl(key) <= 80


def test_old_ones_count_no_more(at_once, monkeypatch):
    for _ in range(30):
        response_times.note(9)
    later = time.time() + 75
    monkeypatch.setattr(response_times.time, "time", lambda: later)
    assert response_times.p95() is None


def test_without_redis_a_request_goes_on(at_once):
    redis.breaker._breaker.open()
    try:
        response_times.note(1)
    finally:
        redis.breaker.close()


@pytest.mark.django_db
def test_requests_are_noted_but_not_those_of_machines(at_once, monkeypatch):
    noted = []
    monkeypatch.setattr(response_times, "note", noted.append)
    Client().get("/health/live")
    assert noted == []
    Client().get("/help/")
    assert len(noted) == 1
