"""Home in the mode Top: the newest candidates in the order of `ranking`, put together once and read as a snapshot.

Ranking has a time budget and a breaker. Where it takes too long, fails or rests, and while Redis cannot keep the
snapshot, the page is Latest and says so; what follows it is Latest too.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from accounts import standins
from accounts.models import User
from feeds import hooks, idle, insights, shields
from feeds.candidates import Candidates
from feeds.door import Facts, facts
from feeds.filters import Place as Where
from feeds.items import FeedItem, Group, grouped, home_items
from feeds.ranking import Candidate, ranked
from feeds.selectors import FeedPage, home_page
from feeds.shields import Shield
from socialnet.kernel import snapshots
from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.errors import InvalidCursor, RedisAway
from socialnet.kernel.pagination import PAGE_SIZE, Cursor
from socialnet.kernel.snapshots import Place

log = structlog.get_logger(__name__)
CANDIDATES = 300
FAILURES, PAUSE_SECONDS = 10, 10  # of the breaker
LATEST, TOP = "latest", "top"
_LARGEST_BATCH = 200


class RankingTimeout(Exception):
    """Ranking took longer than `RANKING_BUDGET_MS`."""


_FAILURES = (RankingTimeout, OperationalError, InterfaceError)
breaker = Breaker(
    "ranking", failures=FAILURES, pause=PAUSE_SECONDS, counts=lambda error: isinstance(error, _FAILURES)
)

# What is weighed of each post: a share counts with what it shares.
_WEIGHED = """
SELECT p.id, p.author_id, o.id, coalesce(c.likes, 0), coalesce(c.comments, 0), coalesce(c.shares, 0)
FROM feeds_post p CROSS JOIN LATERAL (SELECT CASE
    WHEN p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media THEN p.share_of_id ELSE p.id END AS id) o
LEFT JOIN feeds_postcounts c ON c.post_id = o.id
WHERE p.id = ANY(%(ids)s) AND p.deleted_at IS NULL
"""


@dataclass(frozen=True)
class TopPage(FeedPage):
    """`mode` is what the items are in fact: `latest` where they could not be ranked."""

    mode: str = TOP


@dataclass(frozen=True)
class _Ranking:
    ids: list[int]
    walk: Candidates


def cursor_in(text: str | None, *, viewer: User) -> Cursor | Place | None:
    """Where `text` says that Top, or the Latest in its stead, goes on; raises `InvalidCursor` for any other cursor."""
    if not text:
        return None
    with suppress(InvalidCursor):
        return Cursor.decode(text, scope=_scope(viewer.pk))
    return Place.decode(text, scope=_scope(viewer.pk))


def _scope(user_id: int) -> str:
    return f"top:{user_id}"


def top_page(*, viewer: User, cursor: Cursor | Place | None = None, size: int = PAGE_SIZE) -> TopPage:
    """The newest `CANDIDATES` posts of `viewer`'s home in the order of `ranking`, as far as they still belong there.

    The order is that of the moment when the first page was read; raises `CursorExpired` when it is not kept any longer.
    """
    if isinstance(cursor, Place):
        shield = Shield(viewer.pk, shields.of_person(viewer.pk, Where.HOME))
        items, further = _read(shield, snapshots.ids_of(cursor), cursor, size)
        return TopPage(items=items, next_cursor=further)
    if cursor is not None:
        return _latest(viewer, cursor, size)
    try:
        with breaker.calling():
            ranking = _rank(viewer.pk)
        place = snapshots.keep(ranking.ids, scope=_scope(viewer.pk))
    except (Refused, RedisAway, *_FAILURES) as error:
        log.info("top_is_latest", reason=type(error).__name__)
        return _latest(viewer, None, size)
    (idle.welcome if ranking.walk.away else idle.note_visit)(viewer.pk)
    standins.keep(viewer.pk)
    items, further = _read(ranking.walk.shield(), ranking.ids, place, size)
    return TopPage(items=items, next_cursor=further, tier=ranking.walk.tier, cache=ranking.walk.cache)


def _latest(viewer: User, cursor: Cursor | None, size: int) -> TopPage:
    page = home_page(viewer=viewer, cursor=cursor, size=size)
    further = page.next_cursor
    return TopPage(
        items=page.items,
        next_cursor=Cursor(before=further.before, scope=_scope(viewer.pk)) if further else None,
        tier=page.tier,
        cache=page.cache,
        is_judged=page.is_judged,
        read_only=page.read_only,
        mode=LATEST,
    )


def _rank(user_id: int) -> _Ranking:
    """All that is inside the budget; looks at the clock after each step, so that what is late ends early."""
    ends = perf_counter() + settings.RANKING_BUDGET_MS / 1000

    def in_time() -> None:
        if perf_counter() > ends:
            raise RankingTimeout

    close = hooks.affinity(user_id)
    in_time()
    walk = Candidates(user_id, before=None)
    newest = walk.next(CANDIDATES)
    in_time()
    posts = _weighed(newest, close)
    in_time()
    ids = _in_order(posts)
    in_time()
    return _Ranking(ids, walk)


def _weighed(newest: Sequence[int], close: Mapping[int, float]) -> list[tuple[int, Candidate]]:
    """Each post with the original that it shows, newest first."""
    if not newest:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_WEIGHED, {"ids": list(newest)})
        rows = sorted(cursor.fetchall(), reverse=True)
    return [
        (
            original_id,
            Candidate(
                post_id=post_id,
                author_id=author_id,
                affinity=close.get(author_id, 0.0),
                likes=likes,
                comments=comments,
                shares=shares,
            ),
        )
        for post_id, author_id, original_id, likes, comments, shares in rows
    ]


def _in_order(posts: Iterable[tuple[int, Candidate]]) -> list[int]:
    """The newest of those that show the same is ranked; the others follow it at once, as they share its place."""
    alike: dict[int, list[Candidate]] = {}
    for original_id, candidate in posts:
        alike.setdefault(original_id, []).append(candidate)
    others = {group[0].post_id: group for group in alike.values()}
    return [
        one.post_id for first in ranked(group[0] for group in alike.values()) for one in others[first.post_id]
    ]


def _read(shield: Shield, ids: Sequence[int], place: Place, size: int) -> tuple[list[FeedItem], Place | None]:
    """A page of the snapshot: what is still for this viewer's home, refilled until it is full, and what follows."""
    viewer_id = shield.viewer_id
    kept: list[Facts] = []
    truth: dict[int, Facts] = {}
    groups: list[Group] = []
    index, batch = place.index, size + 1
    further: Place | None = None
    while index < len(ids) and further is None:
        asked = facts(viewer_id=viewer_id, post_ids=ids[index : index + batch])
        truth |= asked
        at_home = [
            asked[ident] for ident in ids[index : index + batch] if ident in asked and asked[ident].at_home
        ]
        kept += shield.passed(at_home, truth)
        index, batch = index + batch, min(_LARGEST_BATCH, batch * 2)
        groups, beyond = grouped(kept, most=size)
        further = place.at(ids.index(beyond.post_id)) if beyond else None
    known = shield.known_of([fact for group in groups for fact in (group.first, *group.others)], truth)
    shown = shield.marked(home_items(groups, truth, known, viewer_id=viewer_id))
    last = further.index if further else len(ids)
    hidden = set(shield.hidden) & set(ids[place.index : last])
    insights.note_home(viewer_id, shown, hidden=len(hidden))
    return shown, further
