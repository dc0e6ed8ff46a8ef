"""Warm timelines: the newest ids of people who read lately, in Redis. Ids only, candidates only.

A timeline is a sorted set of ids scored by themselves. Two members are not ids: the sentinel `-`, whose score is
the *floor* (above it nothing is missing; below it the feed goes on in PostgreSQL), and `~`, the token of the
rebuild in progress. A key without sentinel is not warm yet, but fan-out pushes into it all the same.
Every verb raises `RedisAway` when Redis does not answer.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.redis import door

MAX_LENGTH = 800
TTL_SECONDS = 24 * 3600
REBUILD_SECONDS = 60
REFRESH_SECONDS = 5
BUCKETS = 64
POLICY = CachePolicy(
    name="timeline",
    template="timeline:{id}",
    ttl=TTL_SECONDS,
    dropped_by="follow, unfollow, block; fan-out writes it, reading keeps it",
)
KEYS_PER_SCRIPT = 250

_PUSH = """
local warm = 0
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    warm = warm + 1
    local floor = redis.call('ZSCORE', key, '-')
    if not floor or tonumber(ARGV[1]) > tonumber(floor) then
      redis.call('ZADD', key, ARGV[1], ARGV[1])
      local excess = redis.call('ZCARD', key) - 1 - tonumber(ARGV[2])
      if floor and excess > 0 then
        local highest = redis.call('ZRANGE', key, excess, excess)[1]
        redis.call('ZREMRANGEBYRANK', key, 1, excess)
        redis.call('ZADD', key, highest, '-')
      end
    end
  end
end
return warm
"""
_FINISH = """
if redis.call('ZSCORE', KEYS[1], '~') ~= ARGV[1] then return 0 end
redis.call('ZREM', KEYS[1], '~')
for i = 4, #ARGV do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[2], '-')
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


@dataclass(frozen=True)
class Slice:
    """Part of a warm timeline. Below `floor` the feed goes on elsewhere; 0 says that there is nothing below."""

    ids: list[int]
    floor: int


def _key(user_id: int) -> str:
    return POLICY.key(place_of(user_id))


def place_of(user_id: int) -> str:
    """The id of what belongs to this person's home in a cache policy: all of it is in one bucket."""
    return f"{{b{user_id % BUCKETS}}}:{user_id}"


def read(user_id: int, *, before: int | None, count: int) -> Slice | None:
    """Up to `count` ids older than `before`, newest first; None when the timeline is cold. Keeps it warm."""
    return read_beside(user_id, [], before=before, count=count)[0]


def read_beside(
    user_id: int, others: Sequence[str], *, before: int | None, count: int
) -> tuple[Slice | None, list[bytes | None]]:
    """As `read`, and in the same round trip what is at the keys `others`, which are of the same bucket."""
    key = _key(user_id)
    highest = "+inf" if before is None else f"({before}"
    with door() as client, client.pipeline(transaction=False) as pipe:
        pipe.zscore(key, "-")
        pipe.zrange(key, highest, 1, desc=True, byscore=True, offset=0, num=count + 1)
        pipe.expire(key, TTL_SECONDS)
        for other in others:
            pipe.get(other)
        floor, members, _, *beside = pipe.execute()
    POLICY.reads.note(hits=int(floor is not None), misses=int(floor is None))
    if floor is None:
        return None, beside
    ids = [int(member) for member in members if member not in (b"-", b"~")]
    return Slice(ids=ids[:count], floor=int(floor)), beside


def cold_among(user_ids: Sequence[int]) -> list[int]:
    """Those of `user_ids` whose timelines are not warm. Looking does not keep the others warm."""
    with door() as client, client.pipeline(transaction=False) as pipe:
        for user_id in user_ids:
            pipe.zscore(_key(user_id), "-")
        return [user_id for user_id, floor in zip(user_ids, pipe.execute(), strict=True) if floor is None]


def contents(user_id: int) -> Slice | None:
    """The whole of a warm timeline, newest first, as it is: looking does not keep it warm."""
    with door() as client:
        members: list[tuple[bytes, float]] = client.zrange(  # type: ignore[assignment]
            _key(user_id), "+inf", "-inf", desc=True, byscore=True, withscores=True
        )
    floor = next((int(score) for member, score in members if member == b"-"), None)
    if floor is None:
        return None
    return Slice(ids=[int(member) for member, _ in members if member not in (b"-", b"~")], floor=floor)


def warm_people(*, most: int) -> list[int]:
    """Some people whose timelines are warm or about to be."""
    with door() as client:
        keys = client.scan_iter(match=POLICY.key("*"), count=500)
        return [int(key.split(b":")[2]) for key in islice(keys, most)]


def push(post_id: int, *, to: Iterable[int]) -> int:
    """Put `post_id` on the warm timelines among `to`; returns how many were warm."""
    with door() as client, client.pipeline(transaction=False) as pipe:
        script = client.register_script(_PUSH)
        for keys in _by_bucket(to):
            script(keys=keys, args=[str(post_id), str(MAX_LENGTH)], client=pipe)
        return sum(pipe.execute())


def begin_rebuild(user_id: int) -> int:
    """Put the key up, so that fan-out finds it, under a new token; an older rebuild has lost its turn."""
    token = -random.randrange(1, 2**50)
    with door() as client, client.pipeline(transaction=True) as pipe:
        pipe.zrem(_key(user_id), "-")
        pipe.zadd(_key(user_id), {"~": token})
        pipe.expire(_key(user_id), REBUILD_SECONDS)
        pipe.execute()
    return token


def finish_rebuild(user_id: int, *, token: int, ids: Sequence[int], floor: int) -> bool:
    """Fill in what PostgreSQL had; False when the timeline was dropped or rebuilt meanwhile."""
    with door() as client:
        args = [str(token), str(floor), str(TTL_SECONDS), *map(str, ids)]
        return bool(client.register_script(_FINISH)(keys=[_key(user_id)], args=args))


def remove(user_id: int, post_ids: Iterable[int]) -> None:
    """Take ids off a timeline that turned out not to belong there."""
    if members := [str(post_id) for post_id in post_ids]:
        with door() as client:
            client.zrem(_key(user_id), *members)


def drop(*user_ids: int) -> None:
    """Make timelines cold; the next read rebuilds them."""
    with door() as client, client.pipeline(transaction=False) as pipe:
        for user_id in user_ids:
            pipe.delete(_key(user_id))
        pipe.execute()


def may_refresh(user_id: int) -> bool:
    """Whether nobody asked for this home to be read anew in the last `REFRESH_SECONDS`; asking counts."""
    with door() as client:
        return bool(client.set(f"{_key(user_id)}:refreshed", b"1", nx=True, ex=REFRESH_SECONDS))


def _by_bucket(user_ids: Iterable[int]) -> Iterable[list[str]]:
    """The keys of `user_ids`, those of one bucket together, at most `KEYS_PER_SCRIPT` at a time."""
    buckets: dict[int, list[str]] = defaultdict(list)
    for user_id in user_ids:
        buckets[user_id % BUCKETS].append(_key(user_id))
    for keys in buckets.values():
        for start in range(0, len(keys), KEYS_PER_SCRIPT):
            yield keys[start : start + KEYS_PER_SCRIPT]
