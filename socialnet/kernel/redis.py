"""The one door to Redis: short timeouts, no silent retries, JSON only, and a breaker in front."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)
from redis.retry import Retry

from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.errors import RedisAway

AWAY = (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, OutOfMemoryError, ClusterDownError)
_REFUSALS = ("MISCONF", "NOREPLICAS", "OOM ")  # it answers, and takes nothing: its disk or memory is full


def is_away(error: BaseException) -> bool:
    """Whether Redis does not answer, or answers that it can keep nothing. A mistake in a command is not that."""
    if isinstance(error, ResponseError) and any(word in str(error) for word in _REFUSALS):
        return True
    return isinstance(error, AWAY)


breaker = Breaker("redis", failures=3, pause=10, counts=is_away)


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
    """The client, while Redis answers and keeps things; raises `RedisAway` when it does not or lately did not."""
    try:
        with breaker.calling():
            yield _client()
    except (Refused, RedisError) as error:
        if isinstance(error, Refused) or is_away(error):
            raise RedisAway from error
        raise


def dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def loads(raw: bytes | str) -> Any:
    return orjson.loads(raw)
