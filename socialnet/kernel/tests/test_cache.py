"""Cache policies: what is kept and for how long, what a drop prevents, who fills, and a Redis that is away."""

import threading
import time
from collections import Counter

import pytest

from socialnet.kernel import cache, redis
from socialnet.kernel.cache import CachePolicy, State

pytestmark = pytest.mark.usefixtures("redis_process")
THINGS = CachePolicy(name="test things", template="thing:{id}", ttl=600, dropped_by="tests")
OTHERS = CachePolicy(name="test others", template="thing:{id}", ttl=600, version=2, dropped_by="tests")


@pytest.fixture(autouse=True, scope="module")
def only_here():
    """The policies of this file are not declared to other tests."""
    yield
    for policy in (THINGS, OTHERS):
        del cache._policies[policy.name]


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


def test_another_process_that_died_while_filling_is_not_waited_for_long():
    assert THINGS._may_fill(1)
    started = time.monotonic()
    assert THINGS.fetch(1, lambda: "mine") == "mine"
    assert time.monotonic() - started < 1


def test_after_a_drop_nobody_waits_for_a_value_that_cannot_be_kept():
    """For the seconds of a tombstone every reader fills, at once."""
    THINGS.fetch(1, lambda: "old")
    THINGS.drop(1)
    started = time.monotonic()
    assert [THINGS.fetch(1, lambda: "new") for _ in range(10)] == ["new"] * 10
    assert time.monotonic() - started < 0.3


def test_filling_one_may_need_another():
    assert THINGS.fetch(1, lambda: OTHERS.fetch(1, lambda: THINGS.fetch(2, lambda: "deep"))) == "deep"


def test_a_fill_that_fails_leaves_the_next_to_try():
    with pytest.raises(ZeroDivisionError):
        THINGS.fetch(1, lambda: 1 / 0)
    started = time.monotonic()
    assert THINGS.fetch(1, lambda: "value") == "value"
    assert time.monotonic() - started < 0.3


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
