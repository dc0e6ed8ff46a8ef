"""What Explore showed to whom, so that it shows something else the next time; and how often something came of it.

Redis keeps the latest `MOST` of each person for two weeks. When it is lost, posts may come again.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from django.db import DatabaseError, connection

from discovery.explore.candidates import Source
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import DatabaseAway, RedisAway
from socialnet.kernel.redis import door

MOST = 500
ENGAGED_SECONDS = 24 * 3600  # after it was shown
POLICY = CachePolicy(
    name="explored",
    template="explored:{id}",
    ttl=14 * 24 * 3600,
    dropped_by="time; showing more adds, only the latest 500 stay",
    rebuilt=False,
)
_SOURCES = list(Source)
_COUNT = """
INSERT INTO discovery_exploreday (day, source, shown, engaged)
SELECT (now() AT TIME ZONE 'UTC')::date, source, shown, engaged
FROM unnest(%(sources)s::text[], %(shown)s::int[], %(engaged)s::int[]) AS counted (source, shown, engaged)
ORDER BY source
ON CONFLICT (day, source) DO UPDATE SET
    shown = discovery_exploreday.shown + excluded.shown, engaged = discovery_exploreday.engaged + excluded.engaged
"""


def of(user_id: int) -> list[int]:
    """The ids of what was shown; nothing while Redis is away."""
    try:
        with door() as client:
            kept: list[bytes] = client.zrange(POLICY.key(user_id), 0, -1)  # type: ignore[assignment]
            return [int(post_id) for post_id in kept]
    except RedisAway:
        return []


def note(user_id: int, sources: Mapping[int, Source]) -> None:
    """These posts, by their source, are shown now. What cannot be kept is not kept."""
    if not sources:
        return
    now = int(time.time())
    key = POLICY.key(user_id)
    scores = {str(post_id): now * 10 + _SOURCES.index(source) for post_id, source in sources.items()}
    with suppress(RedisAway), door() as client, client.pipeline(transaction=False) as pipe:
        pipe.zadd(key, scores)
        pipe.zremrangebyrank(key, 0, -MOST - 1)
        pipe.expire(key, POLICY.ttl)
        pipe.execute()
    _count(shown=sources.values())


def forget_people(user_ids: Iterable[int]) -> None:
    """What was shown to these people; raises `RedisAway`."""
    if keys := [POLICY.key(user_id) for user_id in user_ids]:
        with door() as client:
            client.delete(*keys)


def engage(user_id: int, post_id: int) -> None:
    """Somebody did something with a post: if Explore showed it to them within a day, that counts, once.

    A score is its second, times ten, and its source; a half added says that it was counted. Raises `RedisAway`.
    """
    key = POLICY.key(user_id)
    with door() as client:
        score = client.zscore(key, str(post_id))
    if score is None or score % 1 or time.time() - score // 10 > ENGAGED_SECONDS:
        return
    with door() as client:
        is_first = client.zadd(key, {str(post_id): score + 0.5}, xx=True, ch=True)
    if is_first:
        _count(engaged=[_SOURCES[int(score) % 10]])


def _count(*, shown: Iterable[Source] = (), engaged: Iterable[Source] = ()) -> None:
    """Add to the numbers of today; a page is worth more than they are."""
    were_shown, were_engaged = list(shown), list(engaged)
    sources = sorted({*were_shown, *were_engaged})
    with suppress(DatabaseError, DatabaseAway), connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "sources": [str(source) for source in sources],
                "shown": [were_shown.count(source) for source in sources],
                "engaged": [were_engaged.count(source) for source in sources],
            },
        )
