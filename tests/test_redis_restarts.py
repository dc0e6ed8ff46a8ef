"""Redis comes back with an old snapshot, or a replica that lacks the last writes takes over: nobody loses a post."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts import cache, standins
from accounts.models import Session
from accounts.tests.factories import follows, page_of, person
from conftest import use_redis
from feeds.selectors import home_page
from feeds.tests.factories import publish
from socialnet.embedded.engines import RunningEngine, start_valkey
from socialnet.kernel import redis, restarts
from socialnet.kernel.redis import door
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def snapshot() -> dict[bytes, tuple[bytes, int]]:
    with door() as client:
        return {key: (client.dump(key), client.pttl(key)) for key in client.scan_iter()}


@pytest.fixture
def comes_back(redis_process: RunningEngine, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Another Redis takes over, with what a snapshot has."""
    with start_valkey(tmp_path / "another") as another:

        def take_over(kept: dict[bytes, tuple[bytes, int]]) -> None:
            use_redis(another.url)
            with door() as client:
                for key, (value, milliseconds) in kept.items():
                    client.restore(key, milliseconds, value)

        yield take_over
    use_redis(redis_process.url)
    redis.breaker.close()


def test_timelines_of_an_old_snapshot_are_rebuilt(comes_back: Any) -> None:
    ada, ben = person("ada"), person("ben")
    follows(ben, ada)
    restarts.look()
    home_page(viewer=ben)
    old = snapshot()
    post = publish(ada)
    drain()
    assert [item.id for item in home_page(viewer=ben).items] == [post.pk]
    comes_back(old)
    assert home_page(viewer=ben).items == []  # it looks complete, and is not
    assert restarts.look() > 0
    assert [item.id for item in home_page(viewer=ben).items] == [post.pk]
    assert restarts.look() == 0
    assert home_page(viewer=ben).cache == "hit"


def test_relations_and_people_of_an_old_snapshot_are_forgotten(comes_back: Any) -> None:
    ada, ben = person("ada"), person("ben")
    follows(ben, ada)
    standins.keep(ben.pk)
    browser = page_of(ben)
    browser.get("/")
    comes_back(snapshot())
    assert standins.read(ben.pk) and cache.viewers.fresh.get(ben.pk)
    restarts.look()
    assert standins.read(ben.pk) is None and cache.viewers.fresh.get(ben.pk) is None
    assert browser.get("/settings/privacy").status_code == 200


def test_who_signed_out_while_postgresql_was_away_stays_so(comes_back: Any) -> None:
    browser = page_of(person("ada"))
    key = browser.session.session_key
    cache.sessions.replace(cache.copy_of(key), {"gone": True})
    comes_back(snapshot())
    restarts.look()
    assert Session.objects.filter(session_key=key).exists()
    assert browser.get("/settings/privacy").status_code == 302


def test_what_is_no_cache_stays(redis_process: RunningEngine) -> None:
    with door() as client:
        client.set("heartbeat:relay", b"1", ex=9)
    restarts.look()
    with door() as client:
        assert client.exists("heartbeat:relay")
        assert 0 < client.ttl(restarts._KNOWN) <= 24 * 3600


def test_somebody_watches_until_told_to_stop(redis_process: RunningEngine) -> None:
    stop = threading.Event()
    thread = restarts.watch(stop)
    until = time.monotonic() + 10
    with door() as client:
        while not client.exists(restarts._KNOWN) and time.monotonic() < until:
            time.sleep(0.01)
        assert client.exists(restarts._KNOWN)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
