"""The one door to Redis: what happens to its callers when Redis is slow, frozen, gone, and back."""

import os
import signal
import time

import pytest

from socialnet.kernel import redis
from socialnet.kernel.redis import RedisAway, door


@pytest.fixture
def engine(redis_process):
    redis.breaker.close()
    yield redis_process
    redis.breaker.close()


def ask() -> bool:
    with door() as client:
        return bool(client.ping())


def test_it_opens_onto_a_redis_that_answers(engine):
    assert ask()


def test_a_stopped_redis_is_away_and_soon_not_asked_any_more(engine):
    engine.stop()
    try:
        for _ in range(3):
            with pytest.raises(RedisAway):
                ask()
        assert redis.breaker.is_open
        asked = redis.breaker.snapshot()["fires"]
        for _ in range(100):
            with pytest.raises(RedisAway):
                ask()
        assert redis.breaker.snapshot()["fires"] - asked <= 1  # a pause may end meanwhile
    finally:
        engine.start()


def test_a_frozen_redis_costs_a_caller_its_timeout_once(engine):
    ask()
    os.kill(engine.pid, signal.SIGSTOP)
    try:
        timeouts = redis.breaker.snapshot()["timeouts"]
        with pytest.raises(RedisAway):
            ask()
        assert redis.breaker.snapshot()["timeouts"] == timeouts + 1
    finally:
        os.kill(engine.pid, signal.SIGCONT)


def test_a_redis_that_came_back_is_used_again(engine):
    engine.stop()
    for _ in range(3):
        with pytest.raises(RedisAway):
            ask()
    engine.start()
    redis.breaker._breaker.reset_timeout = 0
    try:
        assert ask()
    finally:
        redis.breaker._breaker.reset_timeout = 10
    assert not redis.breaker.is_open


def test_a_lost_reply_is_not_asked_for_again(engine):
    """A retry would count twice what was counted already."""
    with door() as client:
        client.set("count", 0)
    os.kill(engine.pid, signal.SIGSTOP)
    try:
        with pytest.raises(RedisAway), door() as client:
            client.incr("count")
    finally:
        os.kill(engine.pid, signal.SIGCONT)
    redis.breaker.close()
    time.sleep(0.1)
    with door() as client:
        assert int(client.get("count")) <= 1


def test_an_error_of_the_caller_says_nothing_about_redis(engine):
    for _ in range(5):
        with pytest.raises(KeyError), door():
            raise KeyError
    assert not redis.breaker.is_open


def test_every_connection_has_its_timeouts(engine, settings):
    options = redis._client().connection_pool.connection_kwargs
    assert options["socket_timeout"] == options["socket_connect_timeout"] == settings.REDIS_TIMEOUT
    assert options["socket_timeout"] <= 0.5
