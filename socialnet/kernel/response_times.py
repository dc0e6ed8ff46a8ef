"""How long requests took in the last minute, of all web processes together: counts by size in Redis.

Sizes are powers of `_GROWTH` milliseconds, so an estimate is right within a tenth. Each process adds what it has every
`FLUSH_EVERY` seconds, at the end of a request: one round trip, and no thread.
"""

import math
import threading
import time
from collections import Counter
from contextlib import suppress

from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door

FLUSH_EVERY = 2.0
FEWEST = 20  # requests in the minute that say something
_GROWTH = 1.2
_SLOT = 10  # seconds
_SLOTS = 6
_lock = threading.Lock()
_counts: Counter[int] = Counter()
_flushed_at = time.monotonic()


def _key(slot: int) -> str:
    return f"response_times:{slot}"


def note(seconds: float) -> None:
    """A request took so long. What cannot be told to Redis is forgotten."""
    global _flushed_at
    size = math.ceil(math.log(max(1.0, seconds * 1000), _GROWTH))
    with _lock:
        _counts[size] += 1
        if time.monotonic() - _flushed_at < FLUSH_EVERY:
            return
        _flushed_at = time.monotonic()
        told = dict(_counts)
        _counts.clear()
    with suppress(RedisAway):
        _tell(told)


def _tell(counts: dict[int, int]) -> None:
    key = _key(int(time.time() // _SLOT))
    with door() as client, client.pipeline(transaction=False) as pipe:
        for size, count in counts.items():
            pipe.hincrby(key, str(size), count)
        pipe.expire(key, _SLOT * (_SLOTS + 2))
        pipe.execute()


def p95() -> float | None:
    """Milliseconds within which nineteen of twenty requests were answered; None for too few. Raises `RedisAway`."""
    now = int(time.time() // _SLOT)
    with door() as client, client.pipeline(transaction=False) as pipe:
        for slot in range(now - _SLOTS, now + 1):
            pipe.hgetall(_key(slot))
        found: list[dict[bytes, bytes]] = pipe.execute()
    counts: Counter[int] = Counter()
    for told in found:
        counts.update({int(size): int(count) for size, count in told.items()})
    return _estimate(counts)


def _estimate(counts: Counter[int]) -> float | None:
    left = counts.total() * 0.95
    if counts.total() < FEWEST:
        return None
    for size in sorted(counts):
        left -= counts[size]
        if left <= 0:
            return float(_GROWTH ** (size - 0.5))
    return None
