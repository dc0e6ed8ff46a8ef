"""Cache policies: what is kept and for how long, what a drop prevents, who fills, and a Redis that is away."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

from socialnet.kernel import cache, redis
from socialnet.kernel.cache import CachePolicy, State

pytestmark = pytest.mark.usefixtures("redis_process")
THINGS = CachePolicy(name="test things", template="thing:{id}", ttl=600, dropped_by="tests")
OTHERS = CachePolicy(name="test others", template="thing:{id}", ttl=600, version=2, dropped_by="tests")
NEAR = CachePolicy(
    name="test near", template="near:{id}", ttl=600, dropped_by="tests", l1=0.3, l1_because="they wait"
)


@pytest.fixture(autouse=True, scope="module")
def only_here():
    """The policies of this file are not declared to other tests."""
    yield
    for policy in (THINGS, OTHERS, NEAR):
        del cache._policies[policy.name]


@pytest.fixture
def counted():
    """How much more often than before `counted(policy, level, outcome)` happened."""

    def now(policy, level, outcome):
        labels = {"policy": policy.name, "level": level, "outcome": outcome}
        return REGISTRY.get_sample_value("socialnet_cache_reads_total", labels) or 0

    before = {
        (policy.name, level, outcome): now(policy, level, outcome)
        for policy in (THINGS, NEAR)
        for level in ("l1", "l2")
        for outcome in ("hit", "miss")
    }
    return lambda policy, level, outcome: now(policy, level, outcome) - before[policy.name, level, outcome]


@pytest.fixture
def away():
    redis.breaker._breaker.open()
    yield
    redis.breaker.close()


def test_what_is_set_is_got_and_the_rest_is_missing():
    THINGS.set_many({1: {"name": "ä"}, 2: [1, 2], 3: 0, 4: ""})
    assert THINGS.get_many([1, 2, 3, 4, 5]) == {1: {"name": "ä"}, 2: [1, 2], 3: 0, 4: ""}
    assert THINGS.get(5) is None
    assert THINGS.get_many([]) == {}


def test_a_version_is_a_name_of_its_own():
    THINGS.set_many({1: "old"})
    assert OTHERS.get(1) is None
    assert (THINGS.key(1), OTHERS.key(1)) == ("thing:1:v1", "thing:1:v2")


def test_every_key_expires_about_when_it_should_and_not_together():
    THINGS.set_many(dict.fromkeys(range(50), "x"))
    with redis.door() as client:
        left = [client.pttl(THINGS.key(number)) for number in range(50)]
    assert all(0.89 * 600_000 <= milliseconds <= 1.1 * 600_000 for milliseconds in left)
    assert max(left) - min(left) > 10_000


def test_values_are_json():
    THINGS.set_many({1: {"a": 1}})
    with redis.door() as client:
        assert client.get(THINGS.key(1)) == b'{"a":1}'


def test_an_absence_is_remembered_for_a_moment():
    fills = []
    for _ in range(3):
        assert THINGS.load_many([1], lambda idents: fills.append(idents) or {}) == {}
    assert fills == [[1]]
    with redis.door() as client:
        assert 0 < client.ttl(THINGS.key(1)) <= 11


def test_only_what_is_missing_is_filled_in_one_call():
    THINGS.set_many({1: "one"})
    fills = []

    def fill(idents):
        fills.append(idents)
        return {ident: str(ident) for ident in idents}

    assert THINGS.load_many((number for number in [1, 2, 3, 2]), fill) == {1: "one", 2: "2", 3: "3"}
    assert THINGS.load_many([1, 2, 3], fill) == {1: "one", 2: "2", 3: "3"}
    assert fills == [[2, 3]]


# --- dropping ----------------------------------------------------------------------------------------------


def test_a_reader_who_read_before_a_write_cannot_put_the_old_value_back():
    THINGS.set_many({1: "old"})
    THINGS.drop(1)
    THINGS.set_many({1: "old"})
    assert THINGS.get(1) is None
    assert THINGS.state(1) is State.DROPPED


def test_what_is_newer_than_any_reader_replaces_even_a_tombstone():
    THINGS.drop(1)
    THINGS.replace(1, "new")
    assert THINGS.get(1) == "new"


def test_a_tombstone_lasts_for_seconds():
    THINGS.drop(1)
    with redis.door() as client:
        assert 0 < client.ttl(THINGS.key(1)) <= 5
        client.delete(THINGS.key(1))
    THINGS.set_many({1: "new"})
    assert THINGS.get(1) == "new"


def test_states():
    assert THINGS.state(1) is State.MISSING
    THINGS.set_many({1: "x"})
    assert THINGS.state(1) is State.KEPT
    THINGS.drop(1)
    assert THINGS.state(1) is State.DROPPED


def test_what_took_longer_to_read_than_a_tombstone_is_sure_to_last_is_not_kept(monkeypatch):
    monkeypatch.setattr(cache, "_SURE_SECONDS", 0.01)

    def slow(*_idents):
        time.sleep(0.02)
        return {1: "value"}

    assert THINGS.load_many([1], slow) == {1: "value"}
    assert THINGS.fetch(2, slow) == {1: "value"}
    assert THINGS.get_many([1, 2]) == {}


# --- what a process remembers ------------------------------------------------------------------------------


def elsewhere(value):
    """Another process drops the value and keeps a new one."""
    with redis.door() as client:
        client.set(NEAR.key(1), redis.dumps(value), ex=600)


def test_for_seconds_a_process_believes_what_it_read(counted):
    NEAR.set_many({1: "old"})
    assert NEAR.get(1) == "old"
    elsewhere("new")
    assert [NEAR.get(1) for _ in range(3)] == ["old"] * 3
    assert NEAR.near([1, 2]) == {1: "old"}
    assert (counted(NEAR, "l1", "hit"), counted(NEAR, "l2", "hit")) == (4, 1)
    time.sleep(0.35)
    assert NEAR.get(1) == "new"


def test_what_is_read_comes_partly_from_the_process_and_partly_from_redis(monkeypatch):
    NEAR.set_many({1: "one", 2: "two"})
    NEAR.get(1)
    asked = []
    mget = redis._client().mget
    monkeypatch.setattr(redis._client(), "mget", lambda keys: asked.append(keys) or mget(keys))
    assert NEAR.get_many([1, 2]) == {1: "one", 2: "two"}
    assert NEAR.load_many([1, 2], lambda idents: {}) == {1: "one", 2: "two"}
    assert asked == [[NEAR.key(2)]]


@pytest.mark.parametrize("change", ["drop", "surely_drop", "replace", "renew"])
def test_a_change_in_this_process_is_seen_by_it_at_once(change):
    NEAR.set_many({1: "old"})
    NEAR.get(1)
    if change.endswith("drop"):
        getattr(NEAR, change)(1)
        assert NEAR.get(1) is None
    else:
        getattr(NEAR, change)(1, "new")
        assert NEAR.get(1) == "new"


def test_who_read_before_a_drop_cannot_put_the_old_value_into_the_process():
    NEAR.set_many({1: "old"})
    with redis.door() as client:
        raw = client.get(NEAR.key(1))
    NEAR.drop(1)
    NEAR.decode([1], [raw])  # its answer was on the way
    assert NEAR.near([1]) == {}


def test_without_redis_a_drop_still_reaches_the_process(away):
    redis.breaker.close()
    NEAR.set_many({1: "old"})
    NEAR.get(1)
    redis.breaker._breaker.open()
    assert NEAR.get(1) == "old"
    NEAR.drop(1)
    assert NEAR.get(1) is None


def test_a_process_remembers_little():
    NEAR.set_many({number: number for number in range(1500)})
    NEAR.get_many(range(1500))
    assert len(NEAR.near(range(1500))) <= 1000


@pytest.mark.parametrize("given", [{"l1": 2}, {"l1_because": "it is small"}])
def test_a_policy_says_why_its_processes_may_be_late(given):
    with pytest.raises(ValueError, match="harmless"):
        CachePolicy(name="test no reason", template="none:{id}", ttl=60, dropped_by="tests", **given)
    assert "test no reason" not in cache._policies


def test_hits_and_misses_are_counted(counted):
    THINGS.set_many({1: "x", 2: None})
    THINGS.drop(3)
    THINGS.get_many([1, 2, 3, 4])
    assert (counted(THINGS, "l2", "hit"), counted(THINGS, "l2", "miss")) == (2, 2)
    assert (counted(THINGS, "l1", "hit"), counted(THINGS, "l1", "miss")) == (0, 0)


def test_rates_are_hits_among_reads():
    THINGS.reads.note(hits=1, misses=1)
    assert 0 < cache.rates(REGISTRY)[THINGS.name].l2 < 1
    assert cache.rates(REGISTRY)[THINGS.name].l1 is None
    assert cache.rates(CollectorRegistry()) == {}


# --- one fills, the others wait ----------------------------------------------------------------------------


def test_of_many_threads_that_miss_one_fills():
    fills = Counter()
    start = threading.Barrier(8)
    found = []

    def fill():
        fills["all"] += 1
        time.sleep(0.05)
        return "value"

    def ask():
        start.wait()
        found.append(THINGS.fetch(1, fill))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["value"] * 8
    assert fills["all"] == 1


@pytest.fixture
def room(monkeypatch):
    """Connections for everybody: who finds none takes Redis to be away."""
    monkeypatch.setattr(redis._client().connection_pool, "max_connections", 300)


def stampede(many, fill):
    """What `many` threads get that ask for the same at the same moment."""
    start = threading.Barrier(many)
    found = []

    def ask():
        start.wait()
        found.append(THINGS.fetch(1, fill))

    threads = [threading.Thread(target=ask) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_two_hundred_who_miss_at_once_one_fills(room):
    fills = []

    def fill():
        fills.append(1)
        time.sleep(0.05)
        return "value"

    assert stampede(200, fill) == ["value"] * 200
    assert fills == [1]


@pytest.mark.parametrize("nothing_is_kept", ["dropped", "away"])
def test_where_nothing_can_be_kept_they_share_a_fill_that_began_after_they_asked(room, nothing_is_kept):
    THINGS.drop(1)
    if nothing_is_kept == "away":
        redis.breaker._breaker.open()
    fills = []

    def fill():
        fills.append(1)
        time.sleep(0.2)
        return "value"

    try:
        assert stampede(100, fill) == ["value"] * 100
    finally:
        redis.breaker.close()
    assert len(fills) <= 4  # each serves all who asked before it began


def test_nobody_gets_what_was_read_before_they_asked():
    """A value that was dropped: whoever asks after the write must not see the fill that began before it."""
    began, written = threading.Event(), threading.Event()
    THINGS.drop(1)

    def early():
        began.set()
        written.wait()
        return "old"

    thread = threading.Thread(target=lambda: THINGS.fetch(1, early))
    thread.start()
    began.wait()
    late = []
    second = threading.Thread(target=lambda: late.append(THINGS.fetch(1, lambda: "new")))
    second.start()
    time.sleep(0.05)
    written.set()
    thread.join()
    second.join()
    assert late == ["new"]


def test_of_two_processes_that_miss_at_once_one_fills(redis_process):
    start = time.time() + 4
    command = [sys.executable, "-c", _ASK.format(start=start)]
    asking = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | {"REDIS_URL": redis_process.url}
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60)[0].split() for process in asking]
    values = {value for _fills, value in answers}
    assert len(values) == 1 and sorted(fills for fills, _value in answers) == ["0", "1"]


_ASK = """
import os, time
import django
django.setup()
from socialnet.kernel.cache import CachePolicy
policy = CachePolicy(name="test both", template="both:{{id}}", ttl=60, dropped_by="tests")
policy.get(2)  # connected
fills = []
def fill():
    fills.append(1)
    time.sleep(0.2)
    return os.getpid()
time.sleep(max(0, {start} - time.time()))
print(policy.fetch(1, fill) and len(fills), policy.get(1))
"""


def test_another_process_that_fills_is_waited_for():
    assert THINGS._may_fill(1)

    def fill_elsewhere():
        time.sleep(0.1)
        THINGS.set_many({1: "theirs"})
        THINGS._end_filling(1)

    thread = threading.Thread(target=fill_elsewhere)
    thread.start()
    assert THINGS.fetch(1, lambda: "mine") == "theirs"
    thread.join()


def test_another_process_that_died_while_filling_is_not_waited_for_long(monkeypatch):
    assert THINGS._may_fill(1)
    naps, sleep, me = [], time.sleep, threading.get_ident()
    monkeypatch.setattr(
        cache.time, "sleep", lambda seconds: (naps.append if threading.get_ident() == me else sleep)(seconds)
    )
    assert THINGS.fetch(1, lambda: "mine") == "mine"
    assert sum(naps) < 0.6


@pytest.fixture
def nobody_waits(monkeypatch):
    def wait(self, ident):
        raise AssertionError("waits for another process")

    monkeypatch.setattr(cache.CachePolicy, "_wait_for", wait)


def test_after_a_drop_nobody_waits_for_a_value_that_cannot_be_kept(nobody_waits):
    """For the seconds of a tombstone every reader fills, at once."""
    THINGS.fetch(1, lambda: "old")
    THINGS.drop(1)
    assert [THINGS.fetch(1, lambda: "new") for _ in range(10)] == ["new"] * 10


def test_filling_one_may_need_another():
    assert THINGS.fetch(1, lambda: OTHERS.fetch(1, lambda: THINGS.fetch(2, lambda: "deep"))) == "deep"


def test_a_fill_that_fails_leaves_the_next_to_try(nobody_waits):
    with pytest.raises(ZeroDivisionError):
        THINGS.fetch(1, lambda: 1 / 0)
    assert THINGS.fetch(1, lambda: "value") == "value"


# --- without Redis -----------------------------------------------------------------------------------------


def test_without_redis_everything_is_filled_and_nothing_fails(away):
    assert THINGS.get_many([1]) == {}
    assert THINGS.state(1) is State.AWAY
    THINGS.set_many({1: "x"})
    THINGS.replace(1, "x")
    THINGS.drop(1)
    assert THINGS.load_many([1], lambda idents: {1: "filled"}) == {1: "filled"}
    assert THINGS.fetch(1, lambda: "filled") == "filled"


def test_who_must_be_sure_learns_that_a_drop_did_not_happen(away):
    with pytest.raises(redis.RedisAway):
        THINGS.surely_drop(1)


def test_djangos_cache_is_json_with_an_expiry(settings):
    from django.core.cache import cache as djangos

    djangos.set("key", {"a": [1]}, timeout=None)
    assert djangos.get("key") == {"a": [1]}
    assert not djangos.add("key", "other")
    assert djangos.delete("key") and djangos.get("key", "gone") == "gone"
    djangos.set("key", 1)
    with redis.door() as client:
        (name,) = client.scan_iter("django:*")
        assert client.ttl(name) > 0
