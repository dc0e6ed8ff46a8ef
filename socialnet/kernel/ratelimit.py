"""How often somebody may do something: counted in Redis, shared by all processes, one round trip.

Windows slide: of any stretch as long as a rule's time, no more than its limit pass. Attempts past the limit are
refused and prolong nothing. Several rules of one request are one question: either all count it, or none does.
Without Redis each process counts for itself, so that nobody is shut out and guessing stays limited.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from ipaddress import ip_address, ip_network

from cachebox import LRUCache
from django.conf import settings
from django.http import HttpRequest
from prometheus_client import Counter

from socialnet.kernel.errors import RateLimited, RedisAway
from socialnet.kernel.redis import door

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RULE = re.compile(r"(\d+)/(\d*)([smhd])")
# Each key is a sorted set of the attempts that passed, by their microseconds on Redis' own clock. Numbers as large as
# these must not go through Lua's tostring. For each key: how many are counted, and in how many milliseconds a place
# gets free.
_COUNT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local passed = 1
local answer = {}
for n, key in ipairs(KEYS) do
  local since = string.format('%.0f', now - tonumber(ARGV[2 * n]) * 1000)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', since)
  answer[n] = redis.call('ZCARD', key)
  if answer[n] >= tonumber(ARGV[2 * n - 1]) then passed = 0 end
end
for n, key in ipairs(KEYS) do
  local window = tonumber(ARGV[2 * n])
  if passed == 1 then
    local at = now
    while redis.call('ZADD', key, 'NX', string.format('%.0f', at), string.format('%.0f', at)) == 0 do at = at + 1 end
    redis.call('PEXPIRE', key, window + 1000)
    answer[n] = answer[n] + 1
  end
  local free = 0
  if answer[n] > 0 then
    local place = math.max(0, answer[n] - tonumber(ARGV[2 * n - 1]))
    local oldest = redis.call('ZRANGE', key, place, place, 'WITHSCORES')
    free = math.ceil((tonumber(oldest[2]) - now) / 1000) + window
  end
  answer[n + #KEYS] = free
end
answer[2 * #KEYS + 1] = passed
return answer
"""
_WITH_PORT = re.compile(r"\[([^]]+)\](?::\d+)?|([\d.]+):\d+")  # [2001:db8::1]:443, 192.0.2.1:443
_refused = Counter("socialnet_rate_limited", "Requests refused because of a rate limit", ["rule"])

Pair = tuple[str, object]  # a rule's name, and who is counted: a person's id, an address


@dataclass(frozen=True)
class Rule:
    """At most `limit` times in `seconds`."""

    name: str
    limit: int
    seconds: int

    @classmethod
    def named(cls, name: str) -> "Rule":
        """From `settings.RATE_LIMITS`, where "5/15m" means five in a quarter of an hour."""
        text = settings.RATE_LIMITS[name]
        match = _RULE.fullmatch(text)
        if match is None:
            raise ValueError(f"RATE_LIMITS[{name!r}] is not like 10/h or 5/15m")
        limit, times, unit = match.groups()
        return cls(name=name, limit=int(limit), seconds=int(times or 1) * _SECONDS[unit])


@dataclass(frozen=True)
class Allowance:
    """What is left of a rule, in the words of the `RateLimit-*` headers; in `reset` seconds a place gets free."""

    limit: int
    remaining: int
    reset: int
    passed: bool = True

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


def check(rule_name: str, who: object) -> Allowance | None:
    """Count one attempt of `who` (a person's id, an address); raises `RateLimited` when it is one too many."""
    return check_all((rule_name, who))


def check_all(*pairs: Pair) -> Allowance | None:
    """Count one attempt against each of `pairs`, or, raising `RateLimited`, against none of them."""
    allowance = count_all(*pairs)
    if allowance and not allowance.passed:
        raise RateLimited(retry_after=allowance.reset)
    return allowance


def count(rule_name: str, who: object) -> Allowance | None:
    """As `check`, without raising; None when limits are switched off."""
    return count_all((rule_name, who))


def count_all(*pairs: Pair) -> Allowance | None:
    """As `check_all`, without raising: what the narrowest of the rules has left; None when limits are off."""
    if not settings.RATE_LIMITS_ENABLED:
        return None
    asked = [(Rule.named(name), _key(name, who)) for name, who in pairs]
    try:
        allowances = _counted(asked)
    except RedisAway:
        allowances = _fallback.count(asked)
    narrowest = min(
        allowances, key=lambda one: (one.remaining, -one.reset) if one.passed else (-1, -one.reset)
    )
    for (rule, _), allowance in zip(asked, allowances, strict=True):
        if not allowance.passed:
            _refused.labels(rule.name).inc()
    return narrowest


def _key(rule_name: str, who: object) -> str:
    """The tag keeps them on one node of a cluster: rules of one request are asked together."""
    subject = blake2s(str(who).lower().encode(errors="replace"), digest_size=12).hexdigest()
    return f"limit:{{all}}:{rule_name}:{subject}"


def _counted(asked: Sequence[tuple[Rule, str]]) -> list[Allowance]:
    numbers = [number for rule, _key in asked for number in (rule.limit, rule.seconds * 1000)]
    with door() as client:
        script = client.register_script(_COUNT)
        *answer, passed = script(keys=[key for _rule, key in asked], args=numbers)
    counted, frees = answer[: len(asked)], answer[len(asked) :]
    return [
        _allowance(rule, passed=bool(passed), counted=of_it, free=free / 1000)
        for (rule, _key), of_it, free in zip(asked, counted, frees, strict=True)
    ]


def _allowance(rule: Rule, *, passed: bool, counted: int, free: float) -> Allowance:
    """Where one rule refuses, the others have counted nothing: they did not refuse."""
    remaining = max(0, rule.limit - counted)
    return Allowance(
        limit=rule.limit,
        remaining=remaining,
        reset=max(1, round(free)),
        passed=passed or counted < rule.limit,
    )


class _Fallback:
    """The same counting inside one process, while Redis is away."""

    def __init__(self) -> None:
        self._windows: LRUCache[str, deque[float]] = LRUCache(10_000)
        self._lock = threading.Lock()

    def count(self, asked: Sequence[tuple[Rule, str]]) -> list[Allowance]:
        with self._lock:
            return list(self._count(asked, now=time.monotonic()))

    def _count(self, asked: Sequence[tuple[Rule, str]], *, now: float) -> Iterator[Allowance]:
        windows = [self._window(rule, key, now=now) for rule, key in asked]
        passed = all(len(times) < rule.limit for (rule, _key), times in zip(asked, windows, strict=True))
        for (rule, _key), times in zip(asked, windows, strict=True):
            if passed:
                times.append(now)
            free = times[0] + rule.seconds - now if times else 0
            yield _allowance(rule, passed=passed, counted=len(times), free=free)

    def _window(self, rule: Rule, key: str, *, now: float) -> deque[float]:
        times = self._windows.get(key)
        if times is None:
            times = self._windows[key] = deque()
        while times and times[0] <= now - rule.seconds:
            times.popleft()
        return times

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()


_fallback = _Fallback()


def address_of(request: HttpRequest) -> str:
    """The client's address, past `NUM_PROXIES` proxies of ours; an IPv6 network counts as one client."""
    proxies = settings.REST_FRAMEWORK["NUM_PROXIES"]
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    address = request.META.get("REMOTE_ADDR") or ""
    if proxies and forwarded:
        address = forwarded[-min(proxies, len(forwarded))]
    return _network(address)


def _network(address: str) -> str:
    """Some proxies add the port, and brackets where that needs them."""
    if match := _WITH_PORT.fullmatch(address):
        address = match[1] or match[2]
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network(f"{parsed}/64", strict=False).network_address)
