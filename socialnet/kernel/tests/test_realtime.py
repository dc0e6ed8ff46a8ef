"""Messages to browsers: what is published arrives in the channel layer's group, and only among the open sockets."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

from socialnet.kernel import realtime, redis

pytestmark = pytest.mark.usefixtures("redis_process")


@pytest.fixture
def away():
    redis.breaker._breaker.open()
    yield
    redis.breaker.close()


def hear(group: str, send) -> list[dict]:
    """What a socket that joined `group` hears of what `send()` publishes, by the real channel layer."""

    async def listen() -> list[dict]:
        layer = RedisPubSubChannelLayer(**settings.CHANNEL_LAYERS["default"]["CONFIG"])
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        await asyncio.to_thread(send)
        heard = []
        try:
            while True:
                heard.append(await asyncio.wait_for(layer.receive(channel), timeout=0.5))
        except TimeoutError:
            return heard
        finally:
            await layer.flush()

    return async_to_sync(listen)()


def test_a_published_message_reaches_its_group():
    message = {"topic": "feed", "event": "feed.new", "data": {"newest_id": str(2**53 - 1)}, "version": 7}
    heard = hear("feed.7", lambda: realtime.publish("feed.7", message))
    assert heard == [{"type": "news", "group": "feed.7", "message": message}]


def test_many_go_in_one_round_trip_each_to_its_own_group():
    heard = hear("feed.2", lambda: realtime.publish_many((f"feed.{n}", {"n": n}) for n in range(5)))
    assert [told["message"] for told in heard] == [{"n": 2}]


def test_nobody_is_online_until_marked():
    assert realtime.online_among([1, 2, 3]) == []
    realtime.mark_online([1, 3, 4])
    assert realtime.online_among([1, 2, 3]) == [1, 3]
    assert realtime.online_among([]) == []


def test_a_mark_ends_by_itself():
    realtime.mark_online([1])
    with redis.door() as client:
        now, _microseconds = client.time()
        assert client.zscore(realtime._ONLINE_KEY, 1) - now <= realtime.ONLINE_SECONDS
        client.zadd(realtime._ONLINE_KEY, {"1": now - 1})
    assert realtime.online_among([1]) == []
    realtime.mark_online([2])
    with redis.door() as client:
        assert client.zrange(realtime._ONLINE_KEY, 0, -1) == [b"2"]
        assert client.ttl(realtime._ONLINE_KEY) > 0


@pytest.mark.django_db
def test_versions_grow():
    versions = [realtime.now_version() for _ in range(100)]
    assert versions == sorted(versions)
    assert versions[-1] < 2**53  # a JavaScript number


def test_without_redis_nothing_fails(away):
    realtime.publish("feed.1", {})
    realtime.mark_online([1])
    assert realtime.online_among([1]) == []


def test_so_many_sockets_of_one_person_and_no_more_in_all_processes():
    assert [realtime.take_place(7, f"s{n}", most=3) for n in range(4)] == [True, True, True, False]
    assert realtime.take_place(8, "other", most=3)
    realtime.leave_place(7, "s1")
    realtime.leave_place(7, "never there")
    assert [realtime.take_place(7, f"t{n}", most=3) for n in range(2)] == [True, False]


def test_places_are_kept_by_who_is_there_and_end_by_themselves():
    for name in ("here", "gone"):
        assert realtime.take_place(7, name, most=2)
    key = realtime._sockets_key(7)
    with redis.door() as client:
        now, _ = client.time()
        client.zadd(key, {"here": now - 1, "gone": now - 1})
    realtime.keep_places({7: ["here"], **{n: [f"s{n}"] for n in range(1000, 1000 + realtime.PEOPLE_AT_ONCE)}})
    assert [realtime.take_place(7, name, most=2) for name in ("new", "newer")] == [True, False]
    with redis.door() as client:
        assert set(client.zrange(key, 0, -1)) == {b"here", b"new"}
        for ident in (7, 1000, 999 + realtime.PEOPLE_AT_ONCE):
            assert 0 < client.ttl(realtime._sockets_key(ident)) <= realtime.SOCKET_SECONDS


def test_while_redis_is_away_nobody_is_sent_away(away):
    assert realtime.take_place(7, "a", most=0)
    realtime.keep_places({7: ["a"]})
    realtime.leave_place(7, "a")


def test_a_race_for_the_last_places_lets_in_as_many_as_there_are():
    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(lambda n: realtime.take_place(7, f"s{n}", most=5), range(64)))
    assert sum(taken) == 5
