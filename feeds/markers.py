"""How far people have read in their homes, the same on all their devices, and what a page shows of it.

The marker is the newest post that somebody had in front of them. It only moves forward: whoever scrolls down to what
is older loses nothing. Pages read it from Redis, where it may lag behind for as long as it is kept there, if Redis was
away when it moved; programs read it from PostgreSQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from accounts.models import User
from feeds.items import FeedItem
from feeds.models import ReadMarker
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.pagination import Cursor
from socialnet.kernel.postgres import is_away
from socialnet.outbox.ids import SEQUENCE_BITS

MARKER = CachePolicy(
    name="marker", template="marker:{id}", ttl=3600, dropped_by="reading on, deletion of the person"
)
FEW = 3  # new posts that one sees without being told how many they are
_NOWHERE = 0  # kept for people without a marker, so that they cost no query each time

# Nothing that could be the id of a post later: a marker there would hide what is new until then.
_MOVE = """
INSERT INTO feeds_readmarker AS marker (user_id, last_read_id, updated_at)
SELECT %(user)s, %(post)s, clock_timestamp()
WHERE %(post)s < socialnet_id_at(clock_timestamp()) + %(millisecond)s
ON CONFLICT (user_id) DO UPDATE SET
    last_read_id = greatest(marker.last_read_id, excluded.last_read_id),
    updated_at = CASE WHEN excluded.last_read_id > marker.last_read_id
        THEN excluded.updated_at ELSE marker.updated_at END
RETURNING user_id, last_read_id, updated_at
"""


def marker_of(*, person: User) -> ReadMarker | None:
    """Where `person` is by now; None when they have read nothing yet."""
    return ReadMarker.objects.filter(pk=person.pk).first()


def move(user_id: int, *, to: int) -> ReadMarker | None:
    """Move forward to the id `to` and return where the marker is now; None when no post can have this id yet."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, {"user": user_id, "post": to, "millisecond": 1 << SEQUENCE_BITS})
        row = cursor.fetchone()
    return ReadMarker(*row) if row else None


def last_read(user_id: int, *, is_paused: bool = False) -> int | None:
    """The id that a page begins with; None for people who have read nothing yet, and when nobody can tell.

    One round trip to Redis when it is kept. `is_paused`: PostgreSQL is away and is not asked.
    """
    try:
        known = MARKER.get_many([user_id]) if is_paused else MARKER.load_many([user_id], _rows)
    except (OperationalError, InterfaceError) as error:
        if not is_away(error):
            raise
        return None
    return known.get(user_id) or None


def _rows(people: Sequence[int]) -> dict[int, int]:
    found = dict(ReadMarker.objects.filter(pk__in=people).values_list("pk", "last_read_id"))
    return {user_id: found.get(user_id, _NOWHERE) for user_id in people}


def drop(*people: int) -> None:
    """Forget what is kept of their markers, if Redis answers."""
    MARKER.drop(*people)


def forget(*people: int) -> None:
    """Remove the markers of people who leave."""
    ReadMarker.objects.filter(pk__in=people).delete()
    drop(*people)


@dataclass(frozen=True, slots=True)
class Place:
    """What a page of home says of how far its reader had come when they opened it.

    `marker` is the id from which scripts go on. The line stands before the item `line_before`; while it is still to
    come, the link to older posts carries `since`. `new` counts what others wrote above the line, or on the whole page.
    """

    marker: int
    line_before: int | None = None
    since: int | None = None
    new: int = 0

    @classmethod
    def of(cls, items: Sequence[FeedItem], *, marker: int | None, has_more: bool) -> "Place":
        """On the first page. Without news there is no line, nor is one's own post news."""
        if marker is None:
            return cls(marker=_NOWHERE)
        above = [item for item in items if item.id > marker]
        new = sum(not item.is_mine for item in above)
        if not new:
            return cls(marker=marker)
        if len(above) < len(items):
            return cls(marker=marker, line_before=items[len(above)].id, new=new)
        return cls(marker=marker, since=marker if has_more else None, new=new)

    @classmethod
    def further_down(cls, items: Sequence[FeedItem], *, since: int) -> "Place":
        """On an older page: the pages above it were all new."""
        first = next((item.id for item in items if item.id <= since), None)
        return cls(marker=since, line_before=first, since=since if first is None else None)

    @property
    def is_told(self) -> bool:
        """Whether the page says at its top how much is new, and leads there."""
        return self.since is not None or (self.line_before is not None and self.new > FEW)

    @property
    def resume(self) -> Cursor:
        """Where home begins with the post that was read last, or with the one below it if that is gone."""
        return Cursor(before=self.marker + 1)
