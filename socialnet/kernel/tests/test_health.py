"""What is up and what is not, said to machines and to people; and the figures for Prometheus."""

import threading
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from socialnet import celery
from socialnet.kernel import health, redis
from socialnet.kernel.metrics import REQUESTS
from socialnet.kernel.tests.test_ratelimit import without_redis  # noqa: F401


@pytest.fixture(autouse=True)
def asked_anew() -> None:
    health._migrated.cache_clear()


def test_alive_needs_nobody(browser: Client) -> None:
    response = browser.get("/health/live")
    assert response.status_code == 200 and response.json() == {"live": True}
    assert browser.post("/health/live").status_code == 405


@pytest.mark.django_db
def test_ready_says_what_is_up(browser: Client) -> None:
    health.heartbeat("relay")
    response = browser.get("/health/ready")
    assert response.status_code == 200 and "no-store" in response["Cache-Control"]
    up = dict.fromkeys(("postgresql", "redis", "migrations", "relay"), "up")
    down = dict.fromkeys(("worker", "bulk", "outside"), "down")
    assert response.json() == {"ready": True, "parts": up | down, "overload": {"level": 0, "why": []}}


@pytest.mark.django_db
def test_letters_go_out_without_previews_too(browser: Client, settings: Any) -> None:
    settings.LINK_PREVIEWS = False
    health.heartbeat("outside")
    assert browser.get("/health/ready").json()["parts"]["outside"] == "up"


def test_a_beat_is_forgotten_after_a_while(redis_process: Any) -> None:
    health.heartbeat("worker")
    with redis.door() as client:
        assert 0 < client.ttl("heartbeat:worker") <= 15


@pytest.mark.parametrize(
    ("taken", "beating"),
    [
        ("fanout,notify,default", {"worker"}),
        ("fanout_bulk,maintenance", {"bulk"}),
        ("fanout,fanout_bulk,notify,default,maintenance", {"worker", "bulk"}),
        ("previews,mail,mail_bulk,push", {"outside"}),
        ("previews,mail", set()),
        ("maintenance", set()),
    ],
)
def test_a_worker_beats_for_the_queues_it_takes(
    taken: str, beating: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[str] = []
    monkeypatch.setattr(health, "keep_beating", lambda part, stop: beats.append(part))
    monkeypatch.setattr(celery.app.amqp.queues, "_consume_from", dict.fromkeys(taken.split(",")))
    celery.begin_heartbeat()
    assert set(beats) == beating


def test_a_thread_beats_until_told_to_stop(redis_process: Any) -> None:
    stop = threading.Event()
    thread = health.keep_beating("relay", stop)
    stop.set()
    thread.join(5)
    assert not thread.is_alive() and health.beats()["relay"] == "up"


@pytest.mark.django_db
def test_without_redis_the_site_serves_and_says_so(browser: Client, without_redis: None) -> None:  # noqa: F811
    response = browser.get("/health/ready")
    assert response.status_code == 200
    parts = response.json()["parts"]
    assert (parts["redis"], parts["relay"], parts["worker"]) == ("down", "unknown", "unknown")


@pytest.mark.django_db
def test_without_postgresql_it_is_not_ready(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> bool:
        raise OperationalError

    monkeypatch.setattr(health, "_database_answers", away)
    monkeypatch.setattr(health, "_migrated", away)
    monkeypatch.setattr(away, "cache_clear", lambda: None, raising=False)
    response = browser.get("/health/ready")
    assert response.status_code == 503 and int(response["Retry-After"]) > 0
    assert response.json()["ready"] is False and response.json()["parts"]["migrations"] == "down"


@pytest.mark.django_db
def test_unmigrated_tables_are_not_ready_and_asked_again(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["one"], []]
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: answers.pop(0))
    assert browser.get("/health/ready").status_code == 503
    assert browser.get("/health/ready").status_code == 200
    assert browser.get("/health/ready").status_code == 200


def test_breakers_are_shown_with_their_tallies(browser: Client) -> None:
    shown = browser.get("/health/circuit-breakers").json()["breakers"]
    assert {"redis", "postgresql"} <= set(shown)
    assert {"state", "fires", "successes", "failures", "timeouts", "rejects", "failure_rate"} == set(
        shown["redis"]
    )


def test_breakers_of_parts_come_with_their_beats(
    browser: Client, redis_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(health.breaker, "snapshot", lambda: {"previews": {"state": "open"}})
        health.heartbeat("outside")
    shown = browser.get("/health/circuit-breakers").json()
    assert shown["parts"] == {"outside": {"previews": {"state": "open"}}}
    assert {"redis", "postgresql"} <= set(shown["breakers"])


def test_breakers_of_parts_are_left_out_without_redis(browser: Client, without_redis: None) -> None:  # noqa: F811
    assert browser.get("/health/circuit-breakers").json()["parts"] == {}


@pytest.mark.django_db
def test_the_status_page_speaks_to_people(browser: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "socialnet.urls"
    page = browser.get("/status")
    assert page.status_code == 200
    assert "Posts and people" in page.content.decode() and "not working" in page.content.decode()
    assert browser.post("/status").status_code == 405


def test_figures_are_for_this_machine_or_a_token(browser: Client, settings: Any) -> None:
    browser.get("/api/v1/things")
    page = browser.get("/metrics").content.decode()
    assert 'socialnet_request_seconds_count{method="GET",route="api/v1/things",status="200"}' in page
    assert browser.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert browser.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert browser.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    for token, status in (("", 404), ("right", 200)):
        settings.METRICS_TOKEN = token
        for given in ("", "right"):
            headers = {"Authorization": f"Bearer {given}"}
            response = browser.get("/metrics", REMOTE_ADDR="203.0.113.9", headers=headers)
            assert response.status_code == (status if given else 404)


def test_invented_methods_share_one_figure(browser: Client) -> None:
    known = {series.labels["method"] for series in REQUESTS.collect()[0].samples}
    for number in range(5):
        browser.generic(f"INVENTED{number}", "/health/live")
    assert {series.labels["method"] for series in REQUESTS.collect()[0].samples} <= known | {"other"}
