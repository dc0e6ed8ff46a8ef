"""What one process found out about a neighbour that only some processes speak with, told to those that speak to people.

Breakers are of one process: the web process never sends a letter, yet has to say that letters are late.
"""

from contextlib import suppress
from typing import Any

from socialnet.kernel.breaker import Breaker
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door, dumps, loads

TOLD = ("mail",)  # the breakers that are told of
_SLACK_SECONDS = 60  # beyond the pause: until the call that probes came and went


def _key(name: str) -> str:
    return f"neighbour_away:{name}"


def tell_away(breaker: Breaker) -> None:
    """Say that `breaker` is open; forgotten by itself when nobody finds it so again."""
    seconds = int(breaker.pause) + _SLACK_SECONDS
    with suppress(RedisAway), door() as client:
        client.set(_key(breaker.name), dumps(breaker.snapshot()), ex=seconds)


def tell_back(breaker: Breaker) -> None:
    with suppress(RedisAway), door() as client:
        client.delete(_key(breaker.name))


def away() -> dict[str, dict[str, Any]]:
    """The snapshots of those that some process found away; raises `RedisAway`."""
    with door() as client:
        found = client.mget([_key(name) for name in TOLD])
    return {name: loads(raw) for name, raw in zip(TOLD, found, strict=True) if raw}


def is_away(name: str) -> bool:
    """Whether some process found it away; nobody knows while Redis is."""
    try:
        return name in away()
    except RedisAway:
        return False
