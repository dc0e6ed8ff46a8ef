"""Messages to browsers: published by workers, carried by Redis, sent on by the `live` process.

At most once by design; sockets read a snapshot when they (re)subscribe, so a lost message is never a lost fact.
No process's own clock decides: one that is wrong would silence its news for everybody.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door, dumps

_PREFIX = "live"  # the channel layer's prefix, see settings
_ONLINE_KEY = "live:online:v1"
ONLINE_SECONDS = 75
SOCKET_SECONDS = 35  # a process that dies takes its sockets with it; they count for so long
PEOPLE_AT_ONCE = 500

# A sorted set of one person's open sockets, scored by when each counts no longer.
_TAKE_PLACE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


def now_version() -> int:
    """A version for messages of one topic: later is larger (microseconds, by the database's clock)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return int(cursor.fetchone()[0])


def publish_many(messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Send each `(group, message)` to the sockets of its group, in one round trip; nothing if Redis is away.

    The message says its group: a process listens to all of its groups on one channel.
    """
    try:
        with door() as client, client.pipeline(transaction=False) as pipe:
            for group, message in messages:
                news = {"type": "news", "group": group, "message": message}
                pipe.publish(f"{_PREFIX}__group__{group}", dumps(news))
            pipe.execute()
    except RedisAway:
        return


def publish(group: str, message: dict[str, Any]) -> None:
    publish_many([(group, message)])


def person_group(user_id: int) -> str:
    """The channel group of all sockets of one person."""
    return f"person.{user_id}"


def recheck(user_id: int) -> None:
    """Ask the sockets of this person to look again whether they may stay open."""
    publish(person_group(user_id), {"event": "recheck"})


def mark_online(user_ids: Iterable[int]) -> None:
    """Note that these people have an open socket; repeated by their `live` process, expires by itself."""
    wanted = list(user_ids)
    if not wanted:
        return
    try:
        with door() as client, client.pipeline(transaction=False) as pipe:
            now, _microseconds = client.time()
            pipe.zadd(_ONLINE_KEY, {str(user_id): now + ONLINE_SECONDS for user_id in wanted})
            pipe.zremrangebyscore(_ONLINE_KEY, 0, now)
            pipe.expire(_ONLINE_KEY, ONLINE_SECONDS * 2)
            pipe.execute()
    except RedisAway:
        return


def online_among(user_ids: Iterable[int]) -> list[int]:
    """Those of `user_ids` with an open socket (or one closed within the last `ONLINE_SECONDS`)."""
    wanted = list(user_ids)
    if not wanted:
        return []
    try:
        with door() as client, client.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.zmscore(_ONLINE_KEY, [str(user_id) for user_id in wanted])
            (now, _microseconds), until = pipe.execute()
    except RedisAway:
        return []
    return [user_id for user_id, mark in zip(wanted, until, strict=True) if mark and mark > now]


def everybody_online() -> list[int]:
    """Everybody with an open socket (or one closed within the last `ONLINE_SECONDS`); nobody while Redis is away."""
    try:
        with door() as client:
            now, _microseconds = client.time()
            here: list[bytes] = client.zrange(_ONLINE_KEY, f"({now}", "+inf", byscore=True)  # type: ignore[assignment]
            return [int(user_id) for user_id in here]
    except RedisAway:
        return []


def take_place(user_id: int, socket_id: str, *, most: int) -> bool:
    """Count this socket among those of its person, in all processes; False if there are `most` already.

    While Redis is away nobody knows of the others: True.
    """
    try:
        with door() as client:
            take = client.register_script(_TAKE_PLACE)
            return bool(take(keys=[_sockets_key(user_id)], args=[socket_id, most, SOCKET_SECONDS]))
    except RedisAway:
        return True


def keep_places(socket_ids: Mapping[int, Iterable[str]]) -> None:
    """These sockets, by person, are still open; repeated by their process."""
    try:
        with door() as client:
            now, _microseconds = client.time()
            people = list(socket_ids)
            for first in range(0, len(people), PEOPLE_AT_ONCE):
                with client.pipeline(transaction=False) as pipe:
                    for user_id in people[first : first + PEOPLE_AT_ONCE]:
                        ids = socket_ids[user_id]
                        pipe.zadd(_sockets_key(user_id), dict.fromkeys(ids, now + SOCKET_SECONDS))
                        pipe.expire(_sockets_key(user_id), SOCKET_SECONDS)
                    pipe.execute()
    except RedisAway:
        return


def leave_place(user_id: int, socket_id: str) -> None:
    try:
        with door() as client:
            client.zrem(_sockets_key(user_id), socket_id)
    except RedisAway:
        return  # it will not be kept, and counts for `SOCKET_SECONDS` at most


def _sockets_key(user_id: int) -> str:
    return f"live:sockets:{user_id}:v1"
