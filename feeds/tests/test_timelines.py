"""The verbs of warm timelines: what each leaves in Redis, to the bit."""

import pytest

from feeds import timelines
from feeds.timelines import Slice
from socialnet.kernel import redis
from socialnet.kernel.redis import RedisAway, door
from socialnet.outbox.ids import MAX_ID

pytestmark = pytest.mark.usefixtures("redis_process")
ADA, BEN = 17, 4711


@pytest.fixture(autouse=True)
def five(monkeypatch):
    monkeypatch.setattr(timelines, "MAX_LENGTH", 5)


def warm(user_id: int, *ids: int, floor: int = 0) -> None:
    token = timelines.begin_rebuild(user_id)
    assert timelines.finish_rebuild(user_id, token=token, ids=ids, floor=floor)


def read(user_id: int, *, before: int | None = None, count: int = 100) -> Slice | None:
    return timelines.read(user_id, before=before, count=count)


def raw(user_id: int) -> list[tuple[bytes, float]]:
    with door() as client:
        return client.zrange(timelines._key(user_id), 0, -1, withscores=True)


def ttl(user_id: int) -> int:
    with door() as client:
        return client.ttl(timelines._key(user_id))


# --- reading -----------------------------------------------------------------------------------------------


def test_a_key_that_is_not_there_is_cold_and_a_warm_one_may_be_empty():
    assert read(ADA) is None
    warm(ADA)
    assert read(ADA) == Slice(ids=[], floor=0)


def test_ids_come_newest_first_and_only_those_before():
    warm(ADA, 30, 20, 10)
    assert read(ADA).ids == [30, 20, 10]
    assert read(ADA, before=30).ids == [20, 10]
    assert read(ADA, before=25, count=1).ids == [20]
    assert read(ADA, before=10).ids == []


@pytest.mark.parametrize("floor", [0, 1, 9])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 100])
def test_the_sentinel_is_never_an_id(floor, count):
    warm(ADA, 30, 20, 10, floor=floor)
    assert read(ADA, count=count) == Slice(ids=[30, 20, 10][:count], floor=floor)
    assert read(ADA, before=5, count=count).ids == []


def test_ids_of_53_bits_are_exact():
    ids = [MAX_ID, MAX_ID - 1, MAX_ID - 2, 2**52 + 1, 2**52]
    warm(ADA, *ids[1:], floor=2**52 - 1)
    assert timelines.push(MAX_ID, to=[ADA]) == 1
    assert read(ADA) == Slice(ids=ids, floor=2**52 - 1)
    assert read(ADA, before=MAX_ID).ids == ids[1:]
    assert read(ADA, before=MAX_ID - 1).ids == ids[2:]
    timelines.push(2**52 - 1, to=[ADA])
    assert read(ADA).ids == ids
    timelines.push(2**52 + 2, to=[ADA])
    assert read(ADA) == Slice(ids=[*ids[:3], 2**52 + 2, 2**52 + 1], floor=2**52)


# --- pushing -----------------------------------------------------------------------------------------------


def test_a_push_reaches_the_warm_and_makes_nobody_warm():
    warm(ADA, 10)
    assert timelines.push(20, to=[ADA, BEN]) == 1
    assert read(ADA).ids == [20, 10]
    assert read(BEN) is None and raw(BEN) == []
    assert timelines.push(30, to=[]) == 0


def test_pushing_twice_and_out_of_order_is_pushing_once_in_order():
    warm(ADA)
    for post_id in (30, 10, 20, 10, 30):
        timelines.push(post_id, to=[ADA, ADA])
    assert read(ADA).ids == [30, 20, 10]


def test_a_push_trims_from_below_and_raises_the_floor_to_what_it_took_away():
    warm(ADA, 50, 40, 30, 20, 10)
    timelines.push(60, to=[ADA])
    assert read(ADA) == Slice(ids=[60, 50, 40, 30, 20], floor=10)
    timelines.push(35, to=[ADA])
    assert read(ADA) == Slice(ids=[60, 50, 40, 35, 30], floor=20)
    assert raw(ADA)[0] == (b"-", 20.0)


def test_what_is_below_the_floor_is_not_pushed():
    """Above the floor nothing is missing; a late old post would stand alone below it."""
    warm(ADA, 50, 40, floor=30)
    timelines.push(30, to=[ADA])
    timelines.push(20, to=[ADA])
    assert read(ADA) == Slice(ids=[50, 40], floor=30)


def test_a_push_after_a_failed_trim_takes_all_that_is_too_much(monkeypatch):
    warm(ADA, 50, 40, 30, 20, 10)
    monkeypatch.setattr(timelines, "MAX_LENGTH", 2)
    timelines.push(60, to=[ADA])
    assert read(ADA) == Slice(ids=[60, 50], floor=40)


def test_a_push_to_many_goes_in_pieces_and_counts_the_warm(monkeypatch):
    monkeypatch.setattr(timelines, "KEYS_PER_SCRIPT", 3)
    people = [ADA + number * timelines.BUCKETS for number in range(8)] + [BEN]
    for user_id in people[::2]:
        warm(user_id)
    assert timelines.push(10, to=people) == 5
    assert [bool(read(user_id)) for user_id in people] == [True, False] * 4 + [True]


def test_keys_of_one_script_lie_in_one_slot():
    for keys in timelines._by_bucket(range(1000)):
        assert len({key[key.index("{") : key.index("}")] for key in keys}) == 1


# --- rebuilding --------------------------------------------------------------------------------------------


def test_between_begin_and_finish_the_timeline_is_cold_but_found_by_pushes():
    token = timelines.begin_rebuild(ADA)
    assert read(ADA) is None
    assert timelines.push(30, to=[ADA]) == 1
    assert timelines.finish_rebuild(ADA, token=token, ids=[20, 10], floor=0)
    assert read(ADA) == Slice(ids=[30, 20, 10], floor=0)
    assert raw(ADA)[0] == (b"-", 0.0)


def test_a_push_below_the_floor_of_a_rebuild_is_taken_away_again():
    token = timelines.begin_rebuild(ADA)
    timelines.push(5, to=[ADA])
    timelines.push(15, to=[ADA])
    timelines.finish_rebuild(ADA, token=token, ids=[30, 20], floor=15)
    assert read(ADA) == Slice(ids=[30, 20], floor=15)


def test_a_rebuild_without_its_token_does_nothing():
    token = timelines.begin_rebuild(ADA)
    timelines.drop(ADA)
    assert not timelines.finish_rebuild(ADA, token=token, ids=[10], floor=0)
    assert raw(ADA) == []
    older, newer = timelines.begin_rebuild(ADA), timelines.begin_rebuild(ADA)
    assert not timelines.finish_rebuild(ADA, token=older, ids=[10], floor=0)
    assert timelines.finish_rebuild(ADA, token=newer, ids=[20], floor=0)
    assert not timelines.finish_rebuild(ADA, token=newer, ids=[30], floor=0)
    assert read(ADA).ids == [20]


def test_a_rebuild_of_a_warm_timeline_keeps_what_was_pushed_meanwhile():
    warm(ADA, 20, floor=10)
    token = timelines.begin_rebuild(ADA)
    timelines.push(30, to=[ADA])
    timelines.finish_rebuild(ADA, token=token, ids=[20], floor=10)
    assert read(ADA) == Slice(ids=[30, 20], floor=10)


def test_the_longest_rebuild_fits_into_one_script(monkeypatch):
    monkeypatch.setattr(timelines, "MAX_LENGTH", 800)
    ids = [MAX_ID - number for number in range(800)]
    warm(ADA, *ids, floor=ids[-1] - 1)
    assert read(ADA, count=1000).ids == ids


# --- life --------------------------------------------------------------------------------------------------


def test_every_key_expires_and_reading_keeps_it():
    timelines.begin_rebuild(ADA)
    assert 0 < ttl(ADA) <= timelines.REBUILD_SECONDS
    timelines.push(10, to=[ADA])
    assert 0 < ttl(ADA) <= timelines.REBUILD_SECONDS
    warm(BEN, 10)
    assert timelines.TTL_SECONDS - 5 < ttl(BEN) <= timelines.TTL_SECONDS
    with door() as client:
        client.expire(timelines._key(BEN), 100)
    timelines.push(20, to=[BEN])
    timelines.remove(BEN, [10])
    assert 0 < ttl(BEN) <= 100
    read(BEN)
    assert timelines.TTL_SECONDS - 5 < ttl(BEN) <= timelines.TTL_SECONDS


def test_an_abandoned_rebuild_goes_away_by_itself_though_people_read():
    """Whoever reads begins again, and for a minute."""
    timelines.begin_rebuild(ADA)
    assert read(ADA) is None
    timelines.begin_rebuild(ADA)
    assert 0 < ttl(ADA) <= timelines.REBUILD_SECONDS


def test_ids_can_be_taken_away_and_the_floor_stays():
    warm(ADA, 30, 20, 10, floor=5)
    timelines.remove(ADA, [20, 99])
    timelines.remove(ADA, [])
    timelines.remove(BEN, [20])
    assert read(ADA) == Slice(ids=[30, 10], floor=5)
    timelines.remove(ADA, [30, 10])
    assert read(ADA) == Slice(ids=[], floor=5)


def test_dropped_is_cold():
    warm(ADA, 10)
    warm(BEN, 10)
    timelines.drop(ADA, BEN, 99)
    assert read(ADA) is read(BEN) is None
    timelines.drop()


def test_every_verb_says_when_redis_is_away():
    redis.breaker._breaker.open()
    try:
        for verb in (
            lambda: read(ADA),
            lambda: timelines.push(1, to=[ADA]),
            lambda: timelines.begin_rebuild(ADA),
            lambda: timelines.finish_rebuild(ADA, token=1, ids=[], floor=0),
            lambda: timelines.remove(ADA, [1]),
            lambda: timelines.drop(ADA),
        ):
            with pytest.raises(RedisAway):
                verb()
    finally:
        redis.breaker.close()


def test_scripts_survive_a_redis_that_forgot_them():
    warm(ADA)
    with door() as client:
        client.script_flush()
    assert timelines.push(10, to=[ADA]) == 1
