"""A second look at what waited: whether its people may still be heard, before it leaves the inbox.

Between the act and the telling lie minutes, quiet hours or a night; meanwhile its person may have muted somebody or a
conversation, hidden a post, or chosen to hear of fewer people. What their filters hide or fold is not told either. The
row stays where it is; it is not told any more.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from enum import Enum

from django.db import connection

from notifications import filtering, truth
from notifications.claims import Claim
from notifications.models import Notification
from notifications.preferences import Wishes

PEOPLE = 50  # of one row: the newest, who are the ones that are named

_NEWEST = """
SELECT n.id, a.actor_id FROM unnest(%(ids)s::bigint[]) n(id) CROSS JOIN LATERAL (
    SELECT actor_id FROM notifications_notificationactor
    WHERE notification_id = n.id AND is_active ORDER BY place DESC LIMIT %(most)s
) a
"""


class Look(Enum):
    """What is true of a row by now."""

    WELCOME = "welcome"
    UNWELCOME = "unwelcome"  # it has a cause, but its person does not want to hear of it
    FALLEN = "fallen"  # its causes are undone, and soon it is taken out


def look(rows: Sequence[Notification], wishes: Mapping[int, Wishes]) -> dict[int, Look]:
    """Of each row by id; two queries however many, and the words where its person has filters. What is urgent is
    welcome without being asked."""
    claims = _claims([row for row in rows if not row.registered.urgent])
    known = list(claims)
    filtered = filtering.of_claims(known)
    standing, wanted = set(), set()
    for claim, found in zip(known, truth.ask(known) if known else [], strict=True):
        if found.stands:
            standing.add(claims[claim])
        if found.stands and claim not in filtered and truth.is_wanted(claim, found, wishes):
            wanted.add(claims[claim])
    return {
        row.pk: Look.WELCOME
        if row.registered.urgent or row.pk in wanted
        else Look.UNWELCOME
        if row.pk in standing
        else Look.FALLEN
        for row in rows
    }


def _claims(rows: Sequence[Notification]) -> dict[Claim, int]:
    """What each row claims, for each of its newest people, with the row's id."""
    people = _people([row.pk for row in rows])
    return {
        Claim(
            kind=row.kind,
            recipient_id=row.recipient_id,
            actor_id=person,
            target_id=row.target_id,
            post_id=row.post_id,
            comment_id=row.comment_id,
        ): row.pk
        for row in rows
        for person in people.get(row.pk) or [None]
    }


def _people(ids: Collection[int]) -> Mapping[int, list[int | None]]:
    found: dict[int, list[int | None]] = defaultdict(list)
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST, {"ids": list(ids), "most": PEOPLE})
            for ident, person in cursor.fetchall():
                found[ident].append(person)
    return found
