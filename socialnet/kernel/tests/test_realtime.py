"""Messages to browsers: what is published arrives in the channel layer's group, and only among the open sockets."""

import asyncio

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
    assert heard == [{"type": "news", "message": message}]


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
