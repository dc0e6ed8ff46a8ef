"""Cache policies: what is kept in Redis, for how long, and what drops it.

A dropped key is a tombstone for a few seconds and fills never overwrite, so a reader who read the database
before a write cannot put the old value back after it.

L1 is what a process remembers for seconds of what it read in Redis (L2), for policies that say why that is harmless:
another process may have dropped it meanwhile. What a process drops it does not remember, nor take up again for as long.
"""

import random
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import Any

from cachebox import TTLCache, VTTLCache
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from prometheus_client import CollectorRegistry, Counter

from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door, dumps, loads

_TOMBSTONE = b"-"
_TOMBSTONE_SECONDS = 5
_SURE_SECONDS = 3
_ABSENT_SECONDS = 10
_FILL_SECONDS = 2
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
"""
_NEAR_MOST = 1000
_GONE = object()  # in L1: dropped here a moment ago
_reads = Counter(
    "socialnet_cache_reads", "Cache reads by policy, level and outcome", ["policy", "level", "outcome"]
)
_fills = Counter("socialnet_cache_fills", "Values filled in after a miss, by policy", ["policy"])
_policies: dict[str, "CachePolicy"] = {}


class State(Enum):
    KEPT = auto()
    DROPPED = auto()
    MISSING = auto()
    AWAY = auto()


class _Tally:
    """Counts the reads of one policy at one level; its children are looked up once, for that costs more than adding."""

    def __init__(self, policy: str, level: str) -> None:
        self._hits = _reads.labels(policy, level, "hit")
        self._misses = _reads.labels(policy, level, "miss")

    def note(self, *, hits: int, misses: int) -> None:
        if hits:
            self._hits.inc(hits)
        if misses:
            self._misses.inc(misses)


@dataclass(frozen=True, kw_only=True)
class CachePolicy:
    """One kind of cached value. `ttl` is in seconds, ± 10 % so that keys do not expire together.

    `l1`: for how many seconds each process may believe what it read, and `l1_because` why that does no harm: another
    process may have dropped it in these seconds. Values from L1 are shared: nobody may change them.
    `rebuilt`: PostgreSQL can give it again, so that all of it may be forgotten at any time.
    """

    name: str
    template: str
    ttl: int
    version: int = 1
    dropped_by: str
    rebuilt: bool = True
    l1: float = 0
    l1_because: str = ""

    def __post_init__(self) -> None:
        if bool(self.l1) != bool(self.l1_because):
            raise ValueError(
                f"{self.name}: a policy with an L1 says why that is harmless, and only such a one"
            )
        _policies[self.name] = self

    @cached_property
    def _near(self) -> "TTLCache[Any, Any] | None":
        return TTLCache(_NEAR_MOST, global_ttl=self.l1) if self.l1 else None

    @cached_property
    def near_reads(self) -> _Tally:
        """Counts reads in the process; those of `get` and its like are counted already."""
        return _Tally(self.name, "l1")

    @cached_property
    def reads(self) -> _Tally:
        """Counts reads in Redis; those of `get` and its like are counted already."""
        return _Tally(self.name, "l2")

    def key(self, ident: object) -> str:
        return f"{self.template.format(id=ident)}:v{self.version}"

    def get(self, ident: Any) -> Any:
        """The value, or None when it is not there, absent, or Redis is away."""
        return self.get_many([ident]).get(ident)

    def state(self, ident: Any) -> State:
        """Whether a value is there, was dropped a moment ago, is missing, or cannot be asked for."""
        return self._look(ident)[0]

    def get_many(self, idents: Iterable[Any]) -> dict[Any, Any]:
        """What is cached of `idents`, in one round trip; a remembered absence is there as None."""
        wanted = list(dict.fromkeys(idents))
        near = self.near(wanted)
        far = [ident for ident in wanted if ident not in near] if near else wanted
        if not far:
            return near
        try:
            with door() as client:
                raw = client.mget([self.key(ident) for ident in far])
        except RedisAway:
            return near
        return near | self.decode(far, raw)

    def near(self, idents: Iterable[Any]) -> dict[Any, Any]:
        """What this process remembers of `idents`: without a round trip, and nothing for policies without L1."""
        if self._near is None:
            return {}
        wanted = list(idents)
        found = {ident: value for ident in wanted if (value := self._near.get(ident, _GONE)) is not _GONE}
        self.near_reads.note(hits=len(found), misses=len(wanted) - len(found))
        return found

    def decode(self, idents: Iterable[Any], raw: Iterable[bytes | str | None]) -> dict[Any, Any]:
        """Values by id out of an MGET answer, for callers who read several policies in one round trip."""
        asked = list(zip(idents, raw, strict=True))
        found = {ident: loads(value) for ident, value in asked if value is not None and value != _TOMBSTONE}
        self.reads.note(hits=len(found), misses=len(asked) - len(found))
        if self._near is not None:
            for ident, value in found.items():
                self._near.setdefault(ident, value)  # not over `_GONE`: it may have been read before the drop
        return found

    def set_many(
        self, values: Mapping[Any, Any], *, read_since: float | None = None, at_most: float | None = None
    ) -> None:
        """Keep `values`, none for longer than `at_most` seconds; None is remembered as absent for a moment. Tombstones
        stay.

        What took long to read, by the monotonic clock, is not kept: the tombstone of a write may be gone meanwhile.
        """
        if not values or (read_since is not None and time.monotonic() - read_since > _SURE_SECONDS):
            return
        _fills.labels(self.name).inc(len(values))
        try:
            with door() as client, client.pipeline(transaction=False) as pipe:
                for ident, value in values.items():
                    pipe.set(self.key(ident), dumps(value), px=self._milliseconds(value, at_most), nx=True)
                pipe.execute()
        except RedisAway:
            return

    def replace(self, ident: Any, value: Any) -> None:
        """Keep a value that is newer than any reader's."""
        self._forget_near(ident)
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
        self._forget_near(ident)
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
        self._forget_near(*idents)
        with door() as client, client.pipeline(transaction=False) as pipe:
            for ident in idents:
                pipe.set(self.key(ident), _TOMBSTONE, ex=_TOMBSTONE_SECONDS)
            pipe.execute()

    def _forget_near(self, *idents: Any) -> None:
        if self._near is not None:
            for ident in idents:
                self._near[ident] = _GONE

    def forget_here(self) -> None:
        """What this process remembers, at once; Redis keeps its own."""
        if self._near is not None:
            self._near.clear()

    def load_many(
        self, idents: Iterable[Any], fill: Callable[[list[Any]], Mapping[Any, Any]]
    ) -> dict[Any, Any]:
        """Values of `idents`: from the cache, the rest by one call of `fill`; what `fill` omits is absent.

        Whoever misses fills, also several at once: what they lack differs, and one who waited for several others would
        wait longer than the one query takes. A value that costs much is asked for by `fetch`.
        """
        wanted = list(dict.fromkeys(idents))
        found = self.get_many(wanted)
        missing = [ident for ident in wanted if ident not in found]
        if missing:
            began = time.monotonic()
            filled = fill(missing)
            self.set_many({ident: filled.get(ident) for ident in missing}, read_since=began)
            found.update(filled)
        return {ident: value for ident, value in found.items() if value is not None}

    def fetch(self, ident: Any, fill: Callable[[], Any]) -> Any:
        """The value of `ident`; of many who miss at once, one calls `fill`, and the others wait for it.

        In this process also when nothing can be kept, for a drop or because Redis is away: whoever asked before a fill
        began may have what it brings. Other processes are waited for half a second.
        """
        asked = time.monotonic()
        found = self.get_many([ident])
        if ident in found:
            return found[ident]
        with _filling_of(self.key(ident)) as filling:
            if filling.began > asked:
                return filling.value
            state, value = self._look(ident)
            if state is State.KEPT:
                return value
            if state is not State.MISSING:
                return filling.keep_what(fill)
            if not self._may_fill(ident) and (waited := self._wait_for(ident)):
                return waited[ident]
            try:
                value = filling.keep_what(fill)
                self.set_many({ident: value}, read_since=filling.began)
            finally:
                self._end_filling(ident)
            return value

    def _look(self, ident: Any) -> tuple[State, Any]:
        """As `state`, and the value if it is kept. Not counted: whoever looks again has counted their miss."""
        try:
            with door() as client:
                raw = client.get(self.key(ident))
        except RedisAway:
            return State.AWAY, None
        if raw is None:
            return State.MISSING, None
        return (State.DROPPED, None) if raw == _TOMBSTONE else (State.KEPT, loads(raw))

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

    def _milliseconds(self, value: Any, at_most: float | None = None) -> int:
        seconds = self.ttl if value is not None else _ABSENT_SECONDS
        wanted = int(seconds * random.uniform(900, 1100))
        return wanted if at_most is None else max(1, min(wanted, int(at_most * 1000)))


class _Filling:
    """Held by who fills a key; the others of this process find here what came of it, and when that began."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.began = float("-inf")
        self.value: Any = None

    def keep_what(self, fill: Callable[[], Any]) -> Any:
        began = time.monotonic()
        self.value = fill()
        self.began = began
        return self.value

    def __enter__(self) -> "_Filling":
        self.lock.acquire()
        return self

    def __exit__(self, *_error: object) -> None:
        self.lock.release()


_fillings: "weakref.WeakValueDictionary[str, _Filling]" = weakref.WeakValueDictionary()
_fillings_guard = threading.Lock()


def _filling_of(key: str) -> _Filling:
    """One per key, while somebody holds it or waits: filling one key may need another."""
    with _fillings_guard:
        return _fillings.setdefault(key, _Filling())


def read_together(*wanted: tuple[CachePolicy, Any]) -> list[dict[Any, Any]]:
    """As `get_many` of each policy, in one round trip for all; of policies without L1."""
    try:
        with door() as client:
            raw = client.mget([policy.key(ident) for policy, ident in wanted])
    except RedisAway:
        return [{} for _ in wanted]
    return [policy.decode([ident], [value]) for (policy, ident), value in zip(wanted, raw, strict=True)]


def policies() -> list[CachePolicy]:
    """Every declared policy, by name."""
    return [_policies[name] for name in sorted(_policies)]


def forget_here() -> None:
    """What this process remembers of every policy."""
    for policy in policies():
        policy.forget_here()


@dataclass(frozen=True)
class Rates:
    """Which share of its reads a policy answered in the process and in Redis; None where nobody read."""

    l1: float | None
    l2: float | None


def rates(registry: CollectorRegistry) -> dict[str, Rates]:
    """Hit rates by policy, as counted in `registry`."""
    counted: dict[tuple[str, str, str], float] = {
        (sample.labels["policy"], sample.labels["level"], sample.labels["outcome"]): sample.value
        for metric in registry.collect()
        if metric.name == "socialnet_cache_reads"
        for sample in metric.samples
        if sample.name.endswith("_total")
    }

    def rate(policy: str, level: str) -> float | None:
        hits = counted.get((policy, level, "hit"), 0)
        reads = hits + counted.get((policy, level, "miss"), 0)
        return hits / reads if reads else None

    return {name: Rates(rate(name, "l1"), rate(name, "l2")) for name, _level, _outcome in counted}


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
