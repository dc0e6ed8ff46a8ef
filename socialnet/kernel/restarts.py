"""Redis after a restart or a failover is another one, and may bring back old things: timelines without the posts
pushed last, copies that were dropped. What PostgreSQL can give again is forgotten then (docs/adr/0011).
"""

import re
import threading

import structlog
from redis.exceptions import RedisError

from socialnet.kernel.cache import CachePolicy, policies
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door

log = structlog.get_logger(__name__)
LOOK_EVERY = 3  # seconds
_KNOWN = "restarts:known:v1"
_KNOWN_SECONDS = 24 * 3600
_SCAN = 1000


def watch(stop: threading.Event) -> threading.Thread:
    """A thread that looks every few seconds until `stop` is set; any number may watch."""

    def look_on() -> None:
        while not stop.is_set():
            try:
                look()
            except RedisAway:
                pass  # it is another one, perhaps, when it is back
            except RedisError as error:  # one that tells nothing about itself
                log.warning("redis_not_watched", error=type(error).__name__)
            stop.wait(LOOK_EVERY)

    thread = threading.Thread(target=look_on, name="redis-restarts", daemon=True)
    thread.start()
    return thread


def look() -> int:
    """Forget what is cached unless Redis is the one of the last look; returns how many keys. Raises `RedisAway`.

    The mark is written last: whoever dies in between leaves the work to the next look.
    """
    with door() as client:
        run_id = str(client.info("server").get("run_id", "unknown"))
        if client.getex(_KNOWN, ex=_KNOWN_SECONDS) == run_id.encode():
            return 0
    forgotten = forget_what_can_be_rebuilt()
    with door() as client:
        client.set(_KNOWN, run_id, ex=_KNOWN_SECONDS)
    log.warning("redis_is_another_one", forgotten=forgotten)
    return forgotten


def forget_what_can_be_rebuilt() -> int:
    """Remove every key of policies that PostgreSQL can fill again; returns how many. Goes through all keys."""
    rebuilt = _keys_of([policy for policy in policies() if policy.rebuilt])
    kept = _keys_of([policy for policy in policies() if not policy.rebuilt])
    forgotten, cursor = 0, None
    while cursor != 0:
        with door() as client:
            cursor, keys = client.scan(cursor or 0, count=_SCAN)
            if old := [key for key in keys if _matches(rebuilt, key) and not _matches(kept, key)]:
                forgotten += client.unlink(*old)
    return forgotten


def _keys_of(several: list[CachePolicy]) -> re.Pattern[str]:
    """What the keys of these policies look like, and nothing at all if there are none."""
    shapes = (re.escape(policy.key("*")).replace(r"\*", ".+") for policy in several)
    return re.compile("|".join(shapes) or r"(?!)")


def _matches(shape: re.Pattern[str], key: bytes | str) -> bool:
    return bool(shape.fullmatch(key if isinstance(key, str) else key.decode(errors="replace")))
