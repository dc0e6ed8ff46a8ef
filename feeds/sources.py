"""Authors whom so many follow that nobody is written to: their posts are merged into homes as these are read.

Only they have a row (`PullSource`). Which there are is known for seconds per process, then in Redis, then in
PostgreSQL; whom of them a person follows, for minutes in Redis; each one's newest ids, for seconds per process (of
many who miss at once one loads), for an hour in Redis. Fan-out passes their followers over only `GRACE_SECONDS` after
they entered, when every copy of the set has them, and serves them again from the moment they leave.
"""

import heapq
import threading
import time
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import neg

from django.conf import settings
from django.db import connection, transaction
from prometheus_client import Counter

from feeds.events import SourceLeft
from feeds.models import Post, PullSource
from feeds.timelines import place_of
from socialnet.kernel.cache import CachePolicy
from socialnet.outbox.actions import emit
from socialnet.outbox.ids import MAX_ID
from socialnet.outbox.models import Delivery

LENGTH = 200
WINDOW_SECONDS = 5.0
GRACE_SECONDS = 60
HYSTERESIS = 0.8
_SURE_SECONDS = 3  # what took longer to read may be older than a tombstone that is gone already
_ALL = CachePolicy(
    name="pull_sources",
    template="pull:{id}",
    ttl=20,
    dropped_by="entering and leaving pull; each process is up to 5 s late",
)
_FOLLOWED = CachePolicy(
    name="followed_pull_sources",
    template="pulled:{id}",
    ttl=600,
    dropped_by="follow, unfollow, block; another set of sources makes it void",
)
_RECENT = CachePolicy(
    name="pull_recent",
    template="pull_recent:{id}",
    ttl=3600,
    dropped_by="publish, delete; each process is up to 5 s late",
)
_loads = Counter("socialnet_pull_loads", "Recent lists of pull sources loaded into a process")

_NEWEST = """
SELECT source.id, ARRAY(
    SELECT id FROM feeds_post
    WHERE author_id = source.id AND deleted_at IS NULL AND visibility NOT IN ('private', 'group')
    ORDER BY id DESC LIMIT %(count)s)
FROM unnest(%(authors)s::bigint[]) AS source (id)
"""
_OLDER = """
SELECT p.id FROM unnest(%(authors)s::bigint[]) AS source (id) CROSS JOIN LATERAL (
    SELECT id FROM feeds_post
    WHERE author_id = source.id AND id < %(before)s AND deleted_at IS NULL AND visibility NOT IN ('private', 'group')
    ORDER BY id DESC LIMIT %(count)s
) p ORDER BY p.id DESC LIMIT %(count)s
"""
_AMONG = """
SELECT followee_id FROM accounts_follow
WHERE follower_id = %(user)s AND followee_id = ANY(%(authors)s) AND status = 'active'
"""
_STANDING = """
SELECT leaving_at IS NULL AND entered_at < clock_timestamp() - make_interval(secs => %(grace)s)
    AND since_id < %(post)s, since_id
FROM feeds_pullsource WHERE author_id = %(author)s
"""
_ENTER = """
INSERT INTO feeds_pullsource (author_id, since_id, entered_at)
SELECT user_id, socialnet_id_at(clock_timestamp()), clock_timestamp() FROM accounts_personcounts
WHERE followers >= %(least)s ORDER BY user_id
ON CONFLICT (author_id) DO NOTHING
"""
_LEAVE = """
UPDATE feeds_pullsource s SET leaving_at = clock_timestamp()
WHERE s.leaving_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM accounts_personcounts c WHERE c.user_id = s.author_id AND c.followers >= %(least)s)
    AND NOT EXISTS (SELECT 1 FROM accounts_user a WHERE a.id = s.author_id AND a.suspended_at IS NOT NULL)
RETURNING author_id
"""
_OVER = """
SELECT author_id FROM feeds_pullsource
WHERE leaving_at < clock_timestamp() - make_interval(secs => %(grace)s)
"""


@dataclass(frozen=True)
class PullSet:
    """All pull sources: since which id each is one, by author."""

    since: dict[int, int]
    generation: int


_NOBODY = PullSet({}, 0)
_set: tuple[float, PullSet] = (0.0, _NOBODY)
_set_lock = threading.Lock()
_recent: dict[tuple[int, int], tuple[float, list[int]]] = {}
_recent_lock = threading.Lock()


def everywhere() -> PullSet:
    """All pull sources, as this process last read them. Costs nothing within `WINDOW_SECONDS`."""
    global _set
    read_at, found = _set
    if read_at and time.monotonic() - read_at < WINDOW_SECONDS:
        return found
    with _set_lock:
        if _set[0] and time.monotonic() - _set[0] < WINDOW_SECONDS:
            return _set[1]
        pairs = _ALL.fetch("all", _read_all)
        found = (
            PullSet(dict(pairs), zlib.crc32(repr(sorted(map(tuple, pairs))).encode())) if pairs else _NOBODY
        )
        _set = (time.monotonic(), found)
        return found


def _read_all() -> list[tuple[int, int]]:
    return list(PullSource.objects.order_by("author_id").values_list("author_id", "since_id"))


def forget_here() -> None:
    """What this process remembers of which there are."""
    global _set
    _set = (0.0, _NOBODY)


def key_of(user_id: int) -> str:
    """Where in Redis it stands whom of the pull sources this person follows: beside their timeline."""
    return _FOLLOWED.key(place_of(user_id))


def followed_by(user_id: int, pull: PullSet, *, raw: bytes | None) -> list[int]:
    """The pull sources that this person follows; `raw` is what was found at `key_of`."""
    kept = _FOLLOWED.decode([user_id], [raw]).get(user_id)
    if kept and kept["set"] == pull.generation:
        return list(kept["ids"])
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_AMONG, {"user": user_id, "authors": list(pull.since)})
        ids = [row[0] for row in cursor.fetchall()]
    if time.monotonic() - began < _SURE_SECONDS:
        _FOLLOWED.renew(place_of(user_id), {"set": pull.generation, "ids": ids})
    return ids


def forget_followed(*user_ids: int) -> None:
    """These people follow somebody else than before; raises `RedisAway`."""
    _FOLLOWED.surely_drop(*map(place_of, user_ids))


def posts_of(author_ids: Collection[int], pull: PullSet, *, before: int | None, count: int) -> list[int]:
    """Up to `count` ids of posts by these sources, older than `before`, newest first; fewer only at the end.

    From the recent lists down to where the first of them ends, then from the posts themselves.
    """
    start = MAX_ID + 1 if before is None else before
    lists = _recent_of([(author_id, pull.since[author_id]) for author_id in author_ids])
    floor = max((ids[-1] for ids in lists if len(ids) >= LENGTH), default=0)
    merged = heapq.merge(
        *(islice(ids, bisect_left(ids, 1 - start, key=neg), None) for ids in lists), reverse=True
    )
    found = [post_id for post_id in islice(merged, count) if post_id >= floor]
    if floor and len(found) < count:
        found += _older(author_ids, before=min(start, floor), count=count - len(found))
    return found


def kept_posts(followed: Collection[int]) -> list[int]:
    """What is kept of those of `followed` that were pull sources when this process last knew, in no order; PostgreSQL
    is not asked."""
    since = _set[1].since
    keys = {author_id: since[author_id] for author_id in since if author_id in followed}
    here = [_recent[key][1] for key in keys.items() if key in _recent]
    kept = _RECENT.get_many(f"{author_id}:{since_id}" for author_id, since_id in keys.items())
    return [post_id for ids in (*here, *kept.values()) for post_id in ids or ()]


def _recent_of(keys: list[tuple[int, int]]) -> list[list[int]]:
    stale = len(_stale(keys))
    _RECENT.near_reads.note(hits=len(keys) - stale, misses=stale)
    if stale:
        known = all(key in _recent for key in keys)
        if _recent_lock.acquire(
            blocking=not known
        ):  # while one loads, what was true a moment ago is good enough
            try:
                if missing := _stale(keys):
                    _load(missing)
            finally:
                _recent_lock.release()
    return [_recent[key][1] for key in keys]


def _stale(keys: list[tuple[int, int]]) -> list[tuple[int, int]]:
    oldest = time.monotonic() - WINDOW_SECONDS
    return [key for key in keys if key not in _recent or _recent[key][0] < oldest]


def _load(keys: Sequence[tuple[int, int]]) -> None:
    began = time.monotonic()
    idents = {key: f"{key[0]}:{key[1]}" for key in keys}
    kept = _RECENT.get_many(idents.values())
    found = {key: kept[ident] for key, ident in idents.items() if kept.get(ident) is not None}
    if missing := {key[0]: key for key in keys if key not in found}:
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST, {"authors": list(missing), "count": LENGTH})
            read = {missing[author_id]: ids for author_id, ids in cursor.fetchall()}
        if time.monotonic() - began < _SURE_SECONDS:
            _RECENT.set_many({idents[key]: ids for key, ids in read.items()})
        found |= read
    _loads.inc(len(keys))
    for key, ids in found.items():
        _recent[key] = (began, ids)


def _older(author_ids: Collection[int], *, before: int, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_OLDER, {"authors": list(author_ids), "before": before, "count": count})
        return [row[0] for row in cursor.fetchall()]


def note_post(post: Post) -> bool:
    """A post is new: forget its author's recent list, if it may be in use. Returns whether it is merged into homes as
    they are read, so that nobody need be written to. Raises `RedisAway`."""
    with connection.cursor() as cursor:
        params = {"author": post.author_id, "post": post.pk, "grace": GRACE_SECONDS}
        cursor.execute(_STANDING, params)
        found = cursor.fetchone()
    if found is None:
        return False
    is_merged, since_id = found
    _forget([(post.author_id, since_id)])
    return bool(is_merged)


def note_deleted(author_ids: Iterable[int]) -> None:
    """Posts of these people are gone; raises `RedisAway`."""
    _forget(list(PullSource.objects.filter(pk__in=list(author_ids)).values_list("author_id", "since_id")))


def _forget(keys: Iterable[tuple[int, int]]) -> None:
    for author_id, since_id in keys:
        _RECENT.surely_drop(f"{author_id}:{since_id}")
        if kept := _recent.get((author_id, since_id)):
            _recent[author_id, since_id] = (-WINDOW_SECONDS, kept[1])


@dataclass(frozen=True)
class Reviewed:
    """How many authors began to be merged, began to leave, and are delivered again as everybody else."""

    entered: int
    leaving: int
    left: int

    @property
    def changed(self) -> bool:
        return bool(self.entered or self.leaving or self.left)


def review() -> Reviewed:
    """Compare everybody's followers with the thresholds; what changes loses no post in either direction."""
    reviewed = Reviewed(entered=_enter(), leaving=_leave(), left=_end())
    if reviewed.changed:
        _ALL.drop("all")  # if Redis is away: it expires within the grace
        forget_here()
    return reviewed


def _enter() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, {"least": settings.TIER_PULL})
        return int(cursor.rowcount)


@transaction.atomic
def _leave() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, {"least": settings.TIER_PULL * HYSTERESIS})
        authors = [row[0] for row in cursor.fetchall()]
    for author_id in authors:
        emit(SourceLeft(author_id=author_id))
    return len(authors)


def _end() -> int:
    """Whose posts of the time as a source are all delivered need not be merged any more."""
    with connection.cursor() as cursor:
        cursor.execute(_OVER, {"grace": GRACE_SECONDS})
        over = [row[0] for row in cursor.fetchall()]
    if not over:
        return 0
    owed = Delivery.objects.filter(event__name=SourceLeft.name)
    waiting = {
        author_id
        for state in (Delivery.State.OPEN, Delivery.State.DEAD)  # an index each
        for author_id in owed.filter(state=state).values_list("event__payload__author_id", flat=True)
    }
    return PullSource.objects.filter(pk__in=set(over) - waiting).delete()[0]
