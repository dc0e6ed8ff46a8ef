"""Homes and profiles that are ready before somebody asks: on sign-in, and for who was here last."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Activity, User
from accounts.tests.factories import PASSWORD, follows, page_of, person
from feeds import active, newest, tasks, timelines, warming
from feeds.selectors import home_page
from feeds.tests.factories import publish
from socialnet.celery import app
from socialnet.kernel import redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(ada: User, ben: User) -> None:
    """ben follows ada, who wrote; all caches are empty."""
    follows(ben, ada)
    for _ in range(3):
        publish(ada)
    publish(ben)
    drain()
    lose()


def lose() -> None:
    with redis.door() as client:
        client.flushall()
    active.forget_here()


def is_warm(person: User) -> bool:
    return timelines.cold_among([person.pk]) == []


def by_page() -> None:
    answer = Client().post("/accounts/login/", {"login": "ben", "password": PASSWORD})
    assert answer.status_code == 302


def by_token() -> None:
    body = {"login": "ben", "password": PASSWORD}
    assert Client().post("/api/v1/auth/token", body, content_type="application/json").status_code == 200


@pytest.mark.parametrize("sign_in", [by_page, by_token])
def test_who_signs_in_finds_home_and_profile_ready(lost: None, ada: User, ben: User, sign_in: Any) -> None:
    sign_in()
    assert not is_warm(ben)
    drain()
    assert is_warm(ben) and not is_warm(ada)
    assert len(newest.OF_PERSON.get(ben.pk)) == 1
    with CaptureQueriesContext(connection) as caught:
        page = home_page(viewer=ben, is_visit=False)
    assert (page.cache, len(page.items), len(caught)) == ("hit", 4, 1)


def test_who_is_turned_away_warms_nothing(lost: None, ben: User) -> None:
    Client().post("/accounts/login/", {"login": "ben", "password": "not it at all"})
    drain()
    assert not is_warm(ben)


def test_warming_is_no_visit(lost: None, ben: User) -> None:
    Activity.objects.filter(pk=ben.pk).update(last_active_on="2026-01-01")
    assert warming.warm([ben.pk]) == 1
    assert str(Activity.objects.get(pk=ben.pk).last_active_on) == "2026-01-01"
    with redis.door() as client:
        assert client.zcard(active.POLICY.key("people")) == 0


@pytest.mark.parametrize("state", ["idle", "filling", "suspended", "deleted"])
def test_nobody_is_warmed_whose_home_is_not_kept_up(lost: None, ben: User, state: str) -> None:
    if state in ("idle", "filling"):
        Activity.objects.filter(pk=ben.pk).update(state=state)
    else:
        User.objects.filter(pk=ben.pk).update(
            **{"suspended": {"suspended_at": "2026-01-01T00:00Z"}, "deleted": {"is_active": False}}[state]
        )
    assert warming.warm([ben.pk]) == 0 and not is_warm(ben)


def test_twice_changes_nothing(lost: None, ben: User) -> None:
    assert [warming.warm([ben.pk]) for _ in range(2)] == [1, 1]
    assert timelines.contents(ben.pk) == timelines.read(ben.pk, before=None, count=100)


def test_who_was_here_last_is_warmed_again(ada: User, ben: User, cleo: User) -> None:
    for reader in (cleo, ben, ada):
        page_of(reader).get("/")
    timelines.drop(ada.pk, ben.pk)
    assert active.latest(10) and set(active.latest(10)) == {ada.pk, ben.pk, cleo.pk}
    tasks.warm_active()
    assert is_warm(ada) and is_warm(ben)
    assert warming.warm_active() == 0  # nobody is cold


def test_the_latest_come_first_and_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "REMEMBERED", 3)
    for number in range(1, 7):
        monkeypatch.setattr(active.time, "time", lambda number=number: 1_800_000_000 + number)
        active.note(number)
    assert active.latest(2) == [6, 5]
    assert active.latest(10) == [6, 5, 4]
    monkeypatch.setattr(active.time, "time", lambda: 1_800_000_005 + active.POLICY.ttl)
    assert active.latest(10) == [6, 5]  # longer ago than a day is not lately


def test_somebody_is_written_down_once_a_minute() -> None:
    active.note(7)
    with redis.door() as client:
        client.flushall()
        active.note(7)
        assert client.zcard(active.POLICY.key("people")) == 0
    active.forget_here()
    active.note(7)
    with redis.door() as client:
        assert 0 < client.ttl(active.POLICY.key("people")) <= active.POLICY.ttl


def test_after_everything_was_lost_postgresql_says_who_was_here(lost: None, ada: User, ben: User) -> None:
    old = person("old")
    Activity.objects.filter(pk=old.pk).update(last_active_on="2026-01-01")
    Activity.objects.filter(pk=ada.pk).update(state=Activity.State.IDLE)
    assert warming.warm_active(most=1) == 1
    assert is_warm(ben) and not is_warm(old) and not is_warm(ada)


@pytest.mark.parametrize("off", [True, False])
def test_warming_can_be_switched_off(lost: None, ben: User, settings: Any, off: bool) -> None:
    settings.WARMING = not off
    by_page()
    drain()
    assert is_warm(ben) is not off
    lose()
    assert warming.warm_active() == (0 if off else 2)


def test_it_stops_in_the_middle_when_there_is_no_time_any_more(
    lost: None, ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([True, False])
    monkeypatch.setattr(warming, "may_warm", lambda: next(answers))
    assert warming.warm([ada.pk, ben.pk]) == 1


def test_without_redis_nothing_is_warmed_and_nothing_fails(lost: None, ben: User) -> None:
    redis.breaker._breaker.open()
    assert warming.warm([ben.pk]) == warming.warm_active() == 0
    assert len(home_page(viewer=ben).items) == 4


def test_it_is_in_the_schedule() -> None:
    assert "feeds.tasks.warm_active" in {job["task"] for job in app.conf.beat_schedule.values()}
