"""Tags that people follow: posts that carry one are merged into homes as these are read (ADR 50).

Whom of the tags a person follows is kept in Redis beside their timeline and read with it in one round trip; who follows
none pays for nothing else. Each tag's newest ids are kept for seconds per process (of many who miss at once one loads),
for an hour in Redis. Only public posts are among them: whatever else one may see of a tag belongs to a home for its
author. Candidates only: the door judges, for each reader, each time.
"""

import heapq
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import neg

from cachebox import LRUCache
from django.db import connection
from prometheus_client import Counter

from feeds.belonging import TAGS
from feeds.models import TagFollow
from feeds.timelines import place_of
from socialnet.kernel.cache import CachePolicy
from socialnet.outbox.ids import MAX_ID

LENGTH = 200
WINDOW_SECONDS = 5.0
_SURE_SECONDS = 3  # what took longer to read may be older than a tombstone that is gone already
_HERE_MOST = 2000  # lists that a process remembers
_FOLLOWED = CachePolicy(
    name="followed_tags",
    template="tags_of:{id}",
    ttl=24 * 3600,
    dropped_by="following and unfollowing a tag; a timeline that becomes warm brings it along",
)
_RECENT = CachePolicy(
    name="tag_recent",
    template="tag_recent:{id}",
    ttl=3600,
    dropped_by="publish, edit and delete of a post with the tag; each process is up to 5 s late",
)
_loads = Counter("socialnet_tag_loads", "Recent lists of followed tags loaded into a process")

# Posts are looked up one by one, down the key of the tag (OFFSET 0), until there are enough: how many a tag has, from
# one to millions, the planner cannot know.
_IS_PUBLIC = """(SELECT 1 FROM feeds_post
        WHERE id = t.post_id AND deleted_at IS NULL AND visibility = 'public' OFFSET 0) p"""
_NEWEST = f"""
SELECT tag.name, ARRAY(
    SELECT t.post_id FROM feeds_posthashtag t CROSS JOIN LATERAL {_IS_PUBLIC}
    WHERE t.hashtag_id = tag.id ORDER BY t.post_id DESC LIMIT %(count)s)
FROM feeds_hashtag tag WHERE tag.name = ANY(%(names)s)
"""
# The newest of each tag; a post with several of them is one.
_OLDER = f"""
SELECT DISTINCT p.id FROM ({{tags}}) tag CROSS JOIN LATERAL (
    SELECT t.post_id AS id FROM feeds_posthashtag t CROSS JOIN LATERAL {_IS_PUBLIC}
    WHERE t.hashtag_id = tag.hashtag_id AND t.post_id < %(before)s ORDER BY t.post_id DESC LIMIT %(count)s
) p ORDER BY p.id DESC LIMIT %(count)s
"""
OF_PERSON = _OLDER.format(tags=TAGS)
_OF_NAMES = _OLDER.format(tags="SELECT id AS hashtag_id FROM feeds_hashtag WHERE name = ANY(%(names)s)")


@dataclass(frozen=True, slots=True)
class _Recent:
    read_at: float
    ids: list[int]


_here: LRUCache[str, _Recent] = LRUCache(_HERE_MOST)
_loading = threading.Lock()


def key_of(user_id: int) -> str:
    """Where in Redis it stands which tags this person follows: beside their timeline."""
    return _FOLLOWED.key(place_of(user_id))


def followed_by(user_id: int, *, raw: bytes | None) -> list[str]:
    """The names of the tags that this person follows; `raw` is what was found at `key_of`."""
    kept: list[str] | None = _FOLLOWED.decode([user_id], [raw]).get(user_id)
    if kept is not None:
        return kept
    began = time.monotonic()
    names = list(TagFollow.objects.filter(user=user_id).values_list("hashtag__name", flat=True))
    keep_followed(user_id, names, read_since=began)
    return names


def keep_followed(user_id: int, names: Sequence[str], *, read_since: float) -> None:
    """Keep what was read of them, by the monotonic clock, since `read_since`; a drop in between stands."""
    _FOLLOWED.set_many({place_of(user_id): list(names)}, read_since=read_since)


def kept_followed(user_id: int) -> list[str]:
    """The tags that this person follows as far as Redis knows; PostgreSQL is not asked."""
    return _FOLLOWED.get(place_of(user_id)) or []


def forget_followed(user_id: int) -> None:
    """This person follows other tags than before, if Redis answers."""
    _FOLLOWED.drop(place_of(user_id))


def surely_forget_followed(user_id: int) -> None:
    """As `forget_followed`; raises `RedisAway`, on which a handler is tried again."""
    _FOLLOWED.surely_drop(place_of(user_id))


def posts_with(names: Collection[str], *, before: int | None, count: int) -> list[int]:
    """Up to `count` ids of public posts with any of these tags, older than `before`, newest first; fewer only at the
    end. From the recent lists down to where the first of them ends, then from the posts themselves."""
    start = MAX_ID + 1 if before is None else before
    lists = _recent_of(names)
    floor = max((ids[-1] for ids in lists if len(ids) >= LENGTH), default=0)
    merged = heapq.merge(
        *(islice(ids, bisect_left(ids, 1 - start, key=neg), None) for ids in lists), reverse=True
    )
    found = [post_id for post_id in islice(_once(merged), count) if post_id >= floor]
    if floor and len(found) < count:
        found += _older(names, before=min(start, floor), count=count - len(found))
    return found


def kept_posts(names: Collection[str]) -> list[int]:
    """What is kept of these tags, in no order; PostgreSQL is not asked."""
    here = [kept.ids for name in names if (kept := _here.get(name))]
    return [post_id for ids in (*here, *_RECENT.get_many(names).values()) for post_id in ids or ()]


def _once(ids: Iterable[int]) -> Iterator[int]:
    last = None
    for post_id in ids:
        if post_id != last:
            yield post_id
        last = post_id


def _recent_of(names: Collection[str]) -> list[list[int]]:
    found, stale = _look(names)
    _RECENT.near_reads.note(hits=len(names) - len(stale), misses=len(stale))
    # While one loads, what was true a moment ago is good enough.
    if stale and _loading.acquire(blocking=len(found) < len(names)):
        try:
            found, stale = _look(names)
            if stale:
                found |= _load(stale)
        finally:
            _loading.release()
    return [found[name].ids for name in names]


def _look(names: Iterable[str]) -> tuple[dict[str, _Recent], list[str]]:
    """What this process remembers, and which of `names` it does not, or not of late."""
    oldest = time.monotonic() - WINDOW_SECONDS
    found = {name: kept for name in names if (kept := _here.get(name))}
    return found, [name for name in names if name not in found or found[name].read_at < oldest]


def _load(names: Sequence[str]) -> dict[str, _Recent]:
    began = time.monotonic()
    found = {name: ids for name, ids in _RECENT.get_many(names).items() if ids is not None}
    if missing := [name for name in names if name not in found]:
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST, {"names": missing, "count": LENGTH})
            there: dict[str, list[int]] = dict(cursor.fetchall())
        read = {name: there.get(name, []) for name in missing}
        _RECENT.set_many(read, read_since=began)
        found |= read
    _loads.inc(len(names))
    loaded = {name: _Recent(began, ids) for name, ids in found.items()}
    for name, recent in loaded.items():
        _here[name] = recent
    return loaded


def _older(names: Collection[str], *, before: int, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_OF_NAMES, {"names": list(names), "before": before, "count": count})
        return [row[0] for row in cursor.fetchall()]


def forget(names: Collection[str]) -> None:
    """These tags have other newest posts than before, if Redis answers."""
    _forget(names, _RECENT.drop)


def surely_forget(names: Collection[str]) -> None:
    """As `forget`; raises `RedisAway`, on which a handler is tried again."""
    _forget(names, _RECENT.surely_drop)


def _forget(names: Collection[str], drop: Callable[..., None]) -> None:
    for name in names:
        if kept := _here.get(name):
            _here[name] = _Recent(float("-inf"), kept.ids)
    drop(*names)


def forget_here() -> None:
    """What this process remembers."""
    _here.clear()
