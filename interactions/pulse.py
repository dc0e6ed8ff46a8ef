"""The pulse: however often the counts of a post change, who looks at it is told a few times a second.

Each change leaves a row (`touching.touch`) in its own transaction. Four times a second the relay takes those rows, then
reads the counts, keeps them in Redis and sends one message per post. The rows are gone only when that is done: who dies
meanwhile leaves them to the next. What changes after they were taken has rows of its own, so the last change is never
lost (ADR 38).
"""

import time
from collections import deque
from collections.abc import Collection

from django.db import connection, transaction
from prometheus_client import Counter

from feeds import cards, live
from interactions.models import Touched
from socialnet.kernel import realtime

WINDOW_SECONDS = 0.25
VIRAL_CHANGES = 1000  # of one post in a minute: from there on it is told of once a second
VIRAL_SECONDS = 1.0
MOST = 20_000
_told = Counter("socialnet_pulse_posts", "Posts whose counts were told to who looks at them")
_taken = Counter("socialnet_pulse_changes", "Changes of counts that the pulse gathered")

# Only one relay at a time: an older count must never be kept after a newer one. A relay that stops while it holds the
# turn loses it with its connection.
_TURN = """
SELECT pg_try_advisory_xact_lock(hashtext('interactions.pulse')),
    set_config('idle_in_transaction_session_timeout', '5s', true)
"""
_TAKE = """
WITH taken AS (
    DELETE FROM interactions_touched WHERE id IN (
        SELECT id FROM interactions_touched WHERE post_id <> ALL(%(resting)s) LIMIT %(most)s)
    RETURNING post_id
)
SELECT post_id, count(*) FROM taken GROUP BY post_id
"""


class Pulse:
    """The windows of one relay.

    `again` are posts whose counts were sent when it was not certain that their rows are gone, and that nobody else sent
    newer ones: they are sent once more.
    """

    def __init__(self) -> None:
        self.changes: dict[int, deque[tuple[float, int]]] = {}
        self.told_at: dict[int, float] = {}
        self.again: set[int] = set()

    def beat(self, *, to_the_end: bool = False) -> int:
        """One window; returns how many changes it told of. Raises `RedisAway`: then everything stays as it was."""
        now = time.monotonic()
        self._forget(now)
        if not self.again and not Touched.objects.exists():
            return 0
        with transaction.atomic():
            if not _has_turn():
                return 0
            changes = _take(() if to_the_end else self._resting(now))
            self.again |= changes.keys()
            tell(self.again)
        self.again = set()
        self._note(changes, now)
        return sum(changes.values())

    def _resting(self, now: float) -> list[int]:
        """Posts that change so often that they wait for the end of their second."""
        return [
            post_id
            for post_id, changes in self.changes.items()
            if now - self.told_at[post_id] < VIRAL_SECONDS
            and sum(many for _moment, many in changes) > VIRAL_CHANGES
        ]

    def _note(self, changes: dict[int, int], now: float) -> None:
        _told.inc(len(changes))
        _taken.inc(sum(changes.values()))
        for post_id, many in changes.items():
            self.changes.setdefault(post_id, deque()).append((now, many))
            self.told_at[post_id] = now

    def _forget(self, now: float) -> None:
        for post_id, changes in list(self.changes.items()):
            while changes and now - changes[0][0] > 60:
                changes.popleft()
            if not changes:
                del self.changes[post_id], self.told_at[post_id]


def tell(post_ids: Collection[int]) -> None:
    """Read the counts of these posts now, keep them in Redis, and send each to who looks at the post.

    Raises `RedisAway`.
    """
    if not post_ids:
        return
    version = realtime.now_version()  # first: what commits while we read is told of by the next
    counts = cards.renew_counts(post_ids)
    realtime.publish_many(live.counts_news(post_id, counts[post_id], version) for post_id in counts)


def _has_turn() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_TURN)
        return bool(cursor.fetchone()[0])


def _take(resting: Collection[int]) -> dict[int, int]:
    """How many changes of each post there were, except of those `resting`; their rows go with this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"resting": list(resting), "most": MOST})
        return dict(cursor.fetchall())


_pulse = Pulse()


def beat(*, to_the_end: bool = False) -> int:
    """A window of this process, or as many as there are changes."""
    told = _pulse.beat(to_the_end=to_the_end)
    if to_the_end and told:
        told += beat(to_the_end=True)
    return told
