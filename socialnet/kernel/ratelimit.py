"""How often somebody may do something: counted in Redis, shared by all processes, one round trip.

A window opens with the first request and closes after the rule's time. Attempts past the limit are refused and do
not prolong it. Without Redis everybody may pass, save where guessing is the danger: those rules are then counted by
each process for itself.
"""

import re
import threading
import time
from dataclasses import dataclass
from hashlib import blake2s
from ipaddress import ip_address, ip_network

from cachebox import TTLCache
from django.conf import settings
from django.http import HttpRequest
from prometheus_client import Counter

from socialnet.kernel.errors import RateLimited, RedisAway
from socialnet.kernel.redis import door

GUARDED = {"sign_in", "register", "password_reset"}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RULE = re.compile(r"(\d+)/(\d*)([smhd])")
_COUNT = """
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local passed = count < tonumber(ARGV[1])
if passed then count = redis.call('INCR', KEYS[1]) end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {passed and 1 or 0, count, left}
"""
_refused = Counter("socialnet_rate_limited", "Requests refused because of a rate limit", ["rule"])


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
    """What is left of a rule, in the words of the `RateLimit-*` headers; `reset` in seconds."""

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
    allowance = count(rule_name, who)
    if allowance and not allowance.passed:
        raise RateLimited(retry_after=allowance.reset)
    return allowance


def count(rule_name: str, who: object) -> Allowance | None:
    """As `check`, without raising; None when limits are switched off."""
    if not settings.RATE_LIMITS_ENABLED:
        return None
    rule = Rule.named(rule_name)
    allowance = _counted(rule, blake2s(str(who).lower().encode(errors="replace"), digest_size=12).hexdigest())
    if not allowance.passed:
        _refused.labels(rule_name).inc()
    return allowance


def _counted(rule: Rule, subject: str) -> Allowance:
    key = f"limit:{rule.name}:{subject}"
    try:
        with door() as client:
            script = client.register_script(_COUNT)
            passed, counted, left = script(keys=[key], args=[rule.limit, rule.seconds * 1000])
    except RedisAway:
        return _fallback.count(rule, key) if rule.name in GUARDED else _unused(rule)
    return _allowance(rule, passed=bool(passed), counted=counted, left=left / 1000)


def _unused(rule: Rule) -> Allowance:
    return Allowance(limit=rule.limit, remaining=rule.limit, reset=rule.seconds)


def _allowance(rule: Rule, *, passed: bool, counted: int, left: float) -> Allowance:
    remaining = max(0, rule.limit - counted)
    return Allowance(limit=rule.limit, remaining=remaining, reset=max(1, round(left)), passed=passed)


class _Fallback:
    """The same counting inside one process, for the rules that guard against guessing."""

    def __init__(self) -> None:
        self._windows: TTLCache[str, tuple[int, float]] = TTLCache(10_000, global_ttl=_SECONDS["d"])
        self._lock = threading.Lock()

    def count(self, rule: Rule, key: str) -> Allowance:
        now = time.monotonic()
        with self._lock:
            counted, ends = self._windows.get(key) or (0, now + rule.seconds)
            if ends <= now:
                counted, ends = 0, now + rule.seconds
            passed = counted < rule.limit
            counted += passed
            self._windows[key] = (counted, ends)
        return _allowance(rule, passed=passed, counted=counted, left=ends - now)

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
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network(f"{parsed}/64", strict=False).network_address)
