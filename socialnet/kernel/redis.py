"""The one door to Redis: short timeouts, no silent retries, JSON only, and a breaker in front."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, ReadOnlyError, TimeoutError
from redis.retry import Retry

from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.errors import RedisAway

AWAY = (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError)
breaker = Breaker("redis", failures=3, pause=10, counts=lambda error: isinstance(error, AWAY))


@cache
def _client() -> Redis:
    # Retries are off: a lost reply must not double an INCR.
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT,
        socket_connect_timeout=settings.REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        max_connections=64,
    )


@contextmanager
def door() -> Iterator[Redis]:
    """The client, while Redis answers; raises `RedisAway` when it does not or lately did not."""
    try:
        with breaker.calling():
            yield _client()
    except (Refused, *AWAY) as error:
        raise RedisAway from error


def dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def loads(raw: bytes | str) -> Any:
    return orjson.loads(raw)
