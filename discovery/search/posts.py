"""Posts by their words: the newest that match and may be seen, put in order.

Very common words match more than anybody can put in order. So the newest `CANDIDATES` are taken, again and again until
enough of them may be seen by who asks; an index leads to rare words, the order of time to common ones, and PostgreSQL
knows from its statistics which of the two a word is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.models import User
from discovery.search import ranking
from discovery.search.query import Query, as_tsquery, as_unwanted
from feeds.door import facts
from groups.models import Group
from socialnet.kernel.pagination import PAGE_SIZE
from socialnet.outbox.ids import MAX_ID

CANDIDATES = 300
ENOUGH = 3 * PAGE_SIZE  # that may be seen; then no older ones are looked for
_ROUNDS = 4
_FOUND = """
SELECT found.object_id, {relevance}, coalesce(c.likes, 0), coalesce(c.comments, 0), coalesce(c.shares, 0),
    (extract(epoch FROM clock_timestamp() - '2024-01-01Z'::timestamptz) * 1000 - (found.object_id >> 12)) / 86400000.0,
    coalesce(found.author_id = %(viewer)s OR EXISTS (SELECT 1 FROM accounts_follow f WHERE f.follower_id = %(viewer)s
        AND f.followee_id = found.author_id AND f.status = 'active'), false)
FROM (
    SELECT d.object_id, d.author_id, d.words FROM discovery_searchdocument d
    WHERE d.kind = 2 AND d.object_id >= %(first)s AND d.object_id < %(before)s {conditions}
    ORDER BY d.object_id DESC LIMIT %(most)s
) found LEFT JOIN feeds_postcounts c ON c.post_id = found.object_id
"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    post_id: int
    score: float


def found_posts(query: Query, *, viewer_id: int | None, languages: Sequence[str]) -> list[int]:
    """Ids of posts that match and that this viewer may see, the best first; with filters alone the newest first."""
    wanted = as_tsquery(query, languages=languages, tags=True)
    if not wanted and not query.has_filters:
        return []
    conditions, params = _conditions(query, wanted, viewer_id)
    if conditions is None:
        return []
    seen: list[_Candidate] = []
    before = query.end_id or MAX_ID
    for _round in range(_ROUNDS):
        rows = _read(conditions, {**params, "before": before}, with_words=bool(query.phrases))
        visible = facts(viewer_id=viewer_id, post_ids=[row[0] for row in rows])
        seen += [
            _weighed(*row)
            for row in rows
            if (fact := visible.get(row[0])) and fact.visible and not fact.is_hidden
        ]
        if len(rows) < CANDIDATES or len(seen) >= ENOUGH:
            break
        before = min(row[0] for row in rows)
    if not query.phrases:
        return sorted((one.post_id for one in seen), reverse=True)
    return [one.post_id for one in sorted(seen, key=lambda one: (-one.score, -one.post_id))]


def _weighed(
    post_id: int, relevance: float, likes: int, comments: int, shares: int, days: Any, is_followed: bool
) -> _Candidate:
    reactions = ranking.engagement(likes=likes, comments=comments, shares=shares)
    score = ranking.post_score(
        relevance=relevance, days=float(days), reactions=reactions, is_followed=is_followed
    )
    return _Candidate(post_id, score)


def _read(conditions: str, params: dict[str, Any], *, with_words: bool) -> list[tuple[Any, ...]]:
    relevance = (
        f"ts_rank('{ranking.WEIGHTS_OF_POSTS}', found.words, %(words)s::tsquery)" if with_words else "0"
    )
    with connection.cursor() as cursor:
        cursor.execute(_FOUND.format(relevance=relevance, conditions=conditions), params)
        return list(cursor.fetchall())


def _conditions(query: Query, wanted: str, viewer_id: int | None) -> tuple[str | None, dict[str, Any]]:
    """What narrows the documents, in SQL; None when nothing can match."""
    params: dict[str, Any] = {
        "viewer": viewer_id,
        "most": CANDIDATES,
        "first": query.first_id or 0,
        "words": wanted,
    }
    conditions = ["AND d.words @@ %(words)s::tsquery"] if wanted else []
    if query.without:
        params["unwanted"] = as_unwanted(query)
        conditions.append("AND d.words @@ %(unwanted)s::tsquery")
    if query.with_media:
        conditions.append("AND d.with_media")
    if query.authors:
        params["authors"] = list(User.objects.named_any(query.authors).values_list("pk", flat=True))
        conditions.append("AND d.author_id = ANY(%(authors)s)")
        if not params["authors"]:
            return None, params
    if query.groups:  # whoever may not read one is stopped at the door, as everywhere
        params["groups"] = list(
            Group.objects.standing().filter(slug__in=query.groups).values_list("pk", flat=True)
        )
        conditions.append("AND d.object_id IN (SELECT id FROM feeds_post WHERE group_id = ANY(%(groups)s))")
        if not params["groups"]:
            return None, params
    if query.from_following:
        if viewer_id is None:
            return None, params
        conditions.append(
            "AND d.author_id IN (SELECT f.followee_id FROM accounts_follow f"
            " WHERE f.follower_id = %(viewer)s AND f.status = 'active')"
        )
    return " ".join(conditions), params
