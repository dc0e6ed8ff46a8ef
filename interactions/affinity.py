"""How close authors are to a person: what the person did with their posts of their own will, the newest counting most.

closeness = Σ weight × ½^(age / HALF_LIFE_DAYS) over the acts of `WINDOW_DAYS`, divided by that of the closest author.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from socialnet.kernel.cache import CachePolicy
from socialnet.outbox.ids import SEQUENCE_BITS

WINDOW_DAYS = 90
HALF_LIFE_DAYS = 30
AUTHORS_MOST = 200
ACTS_MOST = 1000  # of each kind, the newest: what a very busy person costs
POLICY = CachePolicy(name="affinity", template="affinity:{id}", ttl=10 * 60, dropped_by="time")
_DAY = (24 * 3600 * 1000) << SEQUENCE_BITS  # in ids


@dataclass(frozen=True)
class Act:
    """Something people do with posts.

    `rows` gives the `author_id` of what was acted on and `at`, when, as a time-ordered id; of acts by `%(person)s`
    later than `{since}`.
    """

    words: Promise
    weight: float
    rows: str


ACTS = (
    Act(  # by post_by_author
        _("you shared or quoted a post"),
        3,
        "SELECT o.author_id, s.id AS at FROM feeds_post s JOIN feeds_post o ON o.id = s.share_of_id"
        " WHERE s.author_id = %(person)s AND s.id > {since} AND s.deleted_at IS NULL",
    ),
    Act(  # by bookmark_newest
        _("you bookmarked a post"),
        2,
        "SELECT o.author_id, b.id AS at FROM interactions_bookmark b JOIN feeds_post o ON o.id = b.post_id"
        " WHERE b.user_id = %(person)s AND b.id > {since}",
    ),
    Act(  # by like_newest
        _("you liked a post"),
        1,
        "SELECT o.author_id, l.place AS at FROM interactions_like l JOIN feeds_post o ON o.id = l.post_id"
        " WHERE l.user_id = %(person)s AND l.is_active AND l.place > {since}",
    ),
)
_SINCE = f"(SELECT socialnet_id_at(clock_timestamp() - interval '{WINDOW_DAYS} days'))"
_ACTS = " UNION ALL ".join(
    f"(SELECT author_id, at, {act.weight} AS weight FROM ({act.rows.replace('{since}', _SINCE)}) acts"
    f" ORDER BY at DESC LIMIT {ACTS_MOST})"
    for act in ACTS
)
_CLOSENESS = f"""
SELECT author_id, sum(weight * 0.5 ^ ((now.id - at)::float / %(half_life)s)) AS closeness
FROM ({_ACTS}) acts, (SELECT socialnet_id_at(clock_timestamp()) AS id) now
WHERE author_id <> %(person)s GROUP BY author_id ORDER BY closeness DESC, author_id LIMIT {AUTHORS_MOST}
"""


def affinity(user_id: int) -> Mapping[int, float]:
    """Weights in (0, 1] by author's id, of the closest `AUTHORS_MOST`; the closest has 1. Up to 10 minutes old."""
    kept = POLICY.load_many([user_id], lambda ids: {ident: _read(ident) for ident in ids})
    return dict(kept[user_id])


def _read(user_id: int) -> list[tuple[int, float]]:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSENESS, {"person": user_id, "half_life": HALF_LIFE_DAYS * _DAY})
        rows = cursor.fetchall()
    closest = rows[0][1] if rows else 1.0
    return [(author_id, closeness / closest) for author_id, closeness in rows]
