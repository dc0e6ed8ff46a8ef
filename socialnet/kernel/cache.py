"""Cache policies: what is kept in Redis, for how long, and what drops it.

A dropped key is a tombstone for a few seconds and fills never overwrite, so a reader who read the database
before a write cannot put the old value back after it.
"""

import random
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from cachebox import VTTLCache
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from prometheus_client import Counter

from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door, dumps, loads

_TOMBSTONE = b"-"
_TOMBSTONE_SECONDS = 5
_ABSENT_SECONDS = 10
_FILL_SECONDS = 2
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
"""
_reads = Counter("socialnet_cache_reads", "Cache reads by policy and outcome", ["policy", "outcome"])
_policies: dict[str, "CachePolicy"] = {}


class State(Enum):
    KEPT = auto()
    DROPPED = auto()
    MISSING = auto()
    AWAY = auto()


@dataclass(frozen=True, kw_only=True)
class CachePolicy:
    """One kind of cached value. `ttl` is in seconds, ± 10 % so that keys do not expire together.

    `rebuilt`: PostgreSQL can give it again, so that all of it may be forgotten at any time.
    """

    name: str
    template: str
    ttl: int
    version: int = 1
    dropped_by: str
    rebuilt: bool = True

    def __post_init__(self) -> None:
        _policies[self.name] = self

    def key(self, ident: object) -> str:
        return f"{self.template.format(id=ident)}:v{self.version}"

    def get(self, ident: Any) -> Any:
        """The value, or None when it is not there, absent, or Redis is away."""
        return self.get_many([ident]).get(ident)

    def state(self, ident: Any) -> State:
        """Whether a value is there, was dropped a moment ago, is missing, or cannot be asked for."""
        try:
            with door() as client:
                raw = client.get(self.key(ident))
        except RedisAway:
            return State.AWAY
        if raw is None:
            return State.MISSING
        return State.DROPPED if raw == _TOMBSTONE else State.KEPT

    def get_many(self, idents: Iterable[Any]) -> dict[Any, Any]:
        """What is cached of `idents`, in one round trip; a remembered absence is there as None."""
        wanted = list(dict.fromkeys(idents))
        if not wanted:
            return {}
        try:
            with door() as client:
                raw = client.mget([self.key(ident) for ident in wanted])
        except RedisAway:
            return {}
        return self.decode(wanted, raw)

    def decode(self, idents: Iterable[Any], raw: Iterable[bytes | str | None]) -> dict[Any, Any]:
        """Values by id out of an MGET answer, for callers who read several policies in one round trip."""
        found = {
            ident: loads(value)
            for ident, value in zip(idents, raw, strict=True)
            if value is not None and value != _TOMBSTONE
        }
        _reads.labels(self.name, "hit").inc(len(found))
        return found

    def set_many(self, values: Mapping[Any, Any]) -> None:
        """Keep `values`; None is remembered as absent for a moment. Tombstones stay."""
        if not values:
            return
        _reads.labels(self.name, "fill").inc(len(values))
        try:
            with door() as client, client.pipeline(transaction=False) as pipe:
                for ident, value in values.items():
                    pipe.set(self.key(ident), dumps(value), px=self._milliseconds(value), nx=True)
                pipe.execute()
        except RedisAway:
            return

    def replace(self, ident: Any, value: Any) -> None:
        """Keep a value that is newer than any reader's."""
        try:
            with door() as client:
                client.set(self.key(ident), dumps(value), px=self._milliseconds(value))
        except RedisAway:
            return

    def surely_replace(self, values: Mapping[Any, Any]) -> None:
        """Keep values that are newer than any reader's, in one round trip; raises `RedisAway`."""
        with door() as client, client.pipeline(transaction=False) as pipe:
            for ident, value in values.items():
                pipe.set(self.key(ident), dumps(value), px=self._milliseconds(value))
            pipe.execute()

    def renew(self, ident: Any, value: Any) -> None:
        """Keep what a reader found, in place of an older value; a tombstone stays."""
        try:
            with door() as client:
                script = client.register_script(_RENEW)
                script([self.key(ident)], [_TOMBSTONE, dumps(value), self._milliseconds(value)])
        except RedisAway:
            return

    def drop(self, *idents: Any) -> None:
        """Forget values, if Redis answers; whoever must be sure also has a handler that calls `surely_drop`."""
        with suppress(RedisAway):
            self.surely_drop(*idents)

    def surely_drop(self, *idents: Any) -> None:
        """Forget values; raises `RedisAway`, on which a delivery is tried again."""
        if not idents:
            return
        with door() as client, client.pipeline(transaction=False) as pipe:
            for ident in idents:
                pipe.set(self.key(ident), _TOMBSTONE, ex=_TOMBSTONE_SECONDS)
            pipe.execute()

    def load_many(
        self, idents: Iterable[Any], fill: Callable[[list[Any]], Mapping[Any, Any]]
    ) -> dict[Any, Any]:
        """Values of `idents`: from the cache, the rest by one call of `fill`; what `fill` omits is absent."""
        wanted = list(dict.fromkeys(idents))
        found = self.get_many(wanted)
        missing = [ident for ident in wanted if ident not in found]
        if missing:
            filled = fill(missing)
            self.set_many({ident: filled.get(ident) for ident in missing})
            found.update(filled)
        return {ident: value for ident, value in found.items() if value is not None}

    def fetch(self, ident: Any, fill: Callable[[], Any]) -> Any:
        """The value of `ident`; of many who miss at once, one in the process calls `fill`."""
        found = self.get_many([ident])
        if ident in found:
            return found[ident]
        with _fill_lock(self.key(ident)):
            found = self.get_many([ident])
            if ident in found:
                return found[ident]
            if not self._may_fill(ident) and (waited := self._wait_for(ident)):
                return waited[ident]
            try:
                value = fill()
                self.set_many({ident: value})
            finally:
                self._end_filling(ident)
            return value

    def _may_fill(self, ident: Any) -> bool:
        try:
            with door() as client:
                return bool(client.set(self._filling(ident), b"1", nx=True, ex=_FILL_SECONDS))
        except RedisAway:
            return True

    def _end_filling(self, ident: Any) -> None:
        with suppress(RedisAway), door() as client:
            client.delete(self._filling(ident))

    def _wait_for(self, ident: Any) -> dict[Any, Any]:
        """What another process fills in; nothing when it takes long, or filled in vain beside a tombstone."""
        for _ in range(20):
            time.sleep(0.025)
            with suppress(RedisAway), door() as client:
                if client.exists(self._filling(ident)):
                    continue
            return self.get_many([ident])
        return {}

    def _filling(self, ident: Any) -> str:
        return f"{self.key(ident)}:filling"

    def _milliseconds(self, value: Any) -> int:
        seconds = self.ttl if value is not None else _ABSENT_SECONDS
        return int(seconds * random.uniform(900, 1100))


_fill_locks: "weakref.WeakValueDictionary[str, threading.Lock]" = weakref.WeakValueDictionary()
_fill_locks_guard = threading.Lock()


def _fill_lock(key: str) -> threading.Lock:
    """One lock per key, while somebody holds it: filling one key may need another."""
    with _fill_locks_guard:
        return _fill_locks.setdefault(key, threading.Lock())


def policies() -> list[CachePolicy]:
    """Every declared policy, by name."""
    return [_policies[name] for name in sorted(_policies)]


_meanwhile: VTTLCache[str, bytes] = VTTLCache(10_000)


class RedisCache(BaseCache):
    """Django's cache for the libraries that want one: JSON values, kept by each process while Redis is away.

    allauth counts wrong passwords here: if nothing were kept it would let nobody in, or everybody guess.
    """

    def __init__(self, _server: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def _name(self, key: str, version: int | None) -> str:
        return "django:" + self.make_and_validate_key(key, version=version)

    def _expiry(self, timeout: Any) -> int | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else max(1, int(seconds))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        name = self._name(key, version)
        try:
            with door() as client:
                raw = client.get(name)
        except RedisAway:
            raw = _meanwhile.get(name)
        return default if raw is None else loads(raw)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._set(key, value, timeout, version, nx=False)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._set(key, value, timeout, version, nx=True)

    def _set(self, key: str, value: Any, timeout: Any, version: int | None, *, nx: bool) -> bool:
        name, expiry = self._name(key, version), self._expiry(timeout) or 30 * 24 * 3600
        try:
            with door() as client:
                return bool(client.set(name, dumps(value), ex=expiry, nx=nx))
        except RedisAway:
            if nx and name in _meanwhile:
                return False
            _meanwhile.insert(name, dumps(value), ttl=expiry)
            return True

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        try:
            with door() as client:
                return bool(client.expire(self._name(key, version), self._expiry(timeout) or 30 * 24 * 3600))
        except RedisAway:
            return False

    def delete(self, key: str, version: int | None = None) -> bool:
        name = self._name(key, version)
        try:
            with door() as client:
                return bool(client.delete(name))
        except RedisAway:
            return _meanwhile.pop(name, None) is not None

    def clear(self) -> None:
        """Nothing to do: every key has an expiry, and other keys of this Redis are not ours to drop."""
