"""What many like, as last computed: public posts of the last days by what people did with them, one of each author.

A job computes it every few minutes. It stands in for a home that cannot be put together (`feeds.selectors`), so it is
kept in Redis for a day and by each process for good: when it is needed, engines are away.

    score = (likes + 2 · comments + 3 · shares) / (hours + 2)^1.5
"""

import time
from collections.abc import Sequence

from django.db import connection

from feeds.cards import hydrate
from socialnet.kernel.cache import CachePolicy

POLICY = CachePolicy(
    name="popular posts", template="popular:{id}", ttl=24 * 3600, dropped_by="a job computes it anew"
)
MOST = 100
_AGAIN = 60.0  # seconds until a process looks into Redis again
_remembered: tuple[float, list[int]] = (float("-inf"), [])

# An id holds its milliseconds above 12 bits. Posts of some days are a range of the primary key.
_POPULAR = """
SELECT id, author_id FROM (
    SELECT DISTINCT ON (p.author_id) p.id, p.author_id, (c.likes + 2 * c.comments + 3 * c.shares) / power(
        ((socialnet_id_at(clock_timestamp()) - p.id) >> 12) / 3600000.0 + 2, 1.5) AS score
    FROM feeds_post p
    JOIN feeds_postcounts c ON c.post_id = p.id AND c.likes + c.comments + c.shares > 0
    JOIN accounts_user a ON a.id = p.author_id AND a.is_active AND a.suspended_at IS NULL AND NOT a.is_private
        AND a.limited_at IS NULL AND a.found_by = 'everyone'
    WHERE p.id > socialnet_id_at(clock_timestamp() - make_interval(days => %(days)s))
        AND p.visibility = 'public' AND p.deleted_at IS NULL AND p.hidden_at IS NULL AND p.share_of_id IS NULL
    ORDER BY p.author_id, score DESC
) best ORDER BY score DESC, id DESC LIMIT %(most)s
"""


def compute(*, days: int = 3) -> int:
    """Find and keep what is popular now, with what is needed to show it; returns how many posts that is."""
    with connection.cursor() as cursor:
        cursor.execute(_POPULAR, {"days": days, "most": MOST})
        authors = dict(cursor.fetchall())
    hydrate(authors)
    POLICY.replace("posts", list(authors))
    return len(authors)


def popular_posts() -> Sequence[int]:
    """The ids, the best first, from Redis or as this process last saw them. Fills `feeds.hooks.popular`."""
    global _remembered
    looked_at, ids = _remembered
    if time.monotonic() - looked_at > _AGAIN:
        ids = POLICY.get("posts") or ids
        _remembered = (time.monotonic(), ids)
    return ids
