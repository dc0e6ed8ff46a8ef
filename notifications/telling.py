"""Telling: what is due leaves the inbox, by the ways that its person wants. What is told together is one telling.

Per person one transaction under the lock of their inbox: what is due and still unread is told, or put off for quiet
hours or because it would be too much in an hour; then it comes together, as one summary. Mail and push are owed as
events in that transaction, so nothing is lost and nothing told twice; whoever dies before leaves it due.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts.models import User
from notifications import preferences
from notifications.channels import CHANNELS
from notifications.clock import quiet_until
from notifications.models import ChannelDelivery, Notification
from notifications.preferences import Wishes
from notifications.registry import HOUR, KINDS, Way
from notifications.settling import lock_inboxes, now

PEOPLE_AT_ONCE = 500

_DUE = """
SELECT DISTINCT recipient_id FROM (
    SELECT recipient_id FROM notifications_notification
    WHERE stands AND told_at IS NULL AND read_at IS NULL AND due_at <= clock_timestamp()
    ORDER BY due_at LIMIT %(most)s
) due
"""
# How often the person was told in the last hour, and when the earliest of these times is an hour ago.
_TOLD = """
SELECT count(DISTINCT told_at), min(told_at) FROM notifications_notification
WHERE recipient_id = %(person)s AND told_at > %(since)s
"""
_NOTE = """
UPDATE notifications_notification n SET told_at = %(now)s,
    closes_at = %(now)s + make_interval(secs => k.cooldown)
FROM unnest(%(kinds)s::text[], %(cooldowns)s::int[]) k(kind, cooldown)
WHERE n.id = ANY(%(ids)s) AND k.kind = n.kind
"""


def tell_due(*, most: int = PEOPLE_AT_ONCE) -> int:
    """Tell everybody for whom something is due; returns how many people were looked at."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"most": most})
        people = [row[0] for row in cursor.fetchall()]
    for person_id in people:
        tell(person_id)
    return len(people)


def tell_now(people: Iterable[int]) -> None:
    """Tell those of `people` for whom something is due at this moment."""
    wanted = list(people)
    due = (
        Notification.objects.standing().unread().filter(recipient__in=wanted, told_at=None, due_at__lte=now())
    )
    for person_id in sorted(set(due.values_list("recipient_id", flat=True))):
        tell(person_id)


@transaction.atomic
def tell(person_id: int) -> int:
    """Tell one person what is due, or put it off; returns how many notifications were told."""
    lock_inboxes([person_id])
    person = User.objects.standing().filter(pk=person_id).first()
    moment = now()
    due = list(
        Notification.objects.standing()
        .unread()
        .filter(recipient=person_id, told_at=None, due_at__lte=moment)
        .order_by("place")
    )
    if not due:
        return 0
    if person is None:  # suspended: nobody is told of anything; the inbox waits
        _put_off(due, moment + timedelta(hours=1))
        return 0
    wishes = preferences.of_person(person_id)
    told = _not_quiet(due, wishes, moment)
    told = _within_cap(told, wishes, moment)
    if told:
        _note(told, moment)
        _hand_over(person, told, wishes)
    return len(told)


def _not_quiet(due: list[Notification], wishes: Wishes, moment: datetime) -> list[Notification]:
    """What may be told now in spite of quiet hours; the rest is put off to their end."""
    chosen = wishes.settings
    ends = quiet_until(moment, start=chosen.quiet_from, end=chosen.quiet_until, zone=wishes.zone)
    if ends is None:
        return due
    passing = [row for row in due if _passes(row, wishes)]
    _put_off([row for row in due if row not in passing], ends)
    return passing


def _passes(row: Notification, wishes: Wishes) -> bool:
    kind = row.registered
    return kind.urgent or (kind.loud and wishes.settings.loud_pass)


def _within_cap(due: list[Notification], wishes: Wishes, moment: datetime) -> list[Notification]:
    """All of `due`, unless the person was told as often as they want in this hour: then only what is urgent."""
    if not due:
        return due
    since = moment - timedelta(seconds=HOUR)
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, {"person": wishes.settings.user_id, "since": since})
        times, first = cursor.fetchone()
    if times < wishes.settings.hourly_cap:
        return due
    urgent = [row for row in due if row.registered.urgent]
    _put_off([row for row in due if row not in urgent], first + timedelta(seconds=HOUR))
    return urgent


def _put_off(rows: Sequence[Notification], until: datetime) -> None:
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=until)


def _note(rows: Sequence[Notification], moment: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "now": moment,
                "ids": [row.pk for row in rows],
                "kinds": list(KINDS),
                "cooldowns": [kind.cooldown for kind in KINDS.values()],
            },
        )


def _hand_over(person: User, rows: Sequence[Notification], wishes: Wishes) -> None:
    """To each way that is wanted and reaches the person: one row each, and one message for all of them."""
    by_way: dict[Way, list[int]] = defaultdict(list)
    for row in rows:
        for way in wishes.ways(row.kind):
            by_way[way].append(row.pk)
    for channel in CHANNELS:
        ids = by_way.get(channel.way, [])
        if ids and channel.reaches(person, wishes.settings):
            owe(channel.way, ids)
            channel.owe(person, ids)


def owe(way: Way, notification_ids: Sequence[int]) -> None:
    """That these are to be told by `way`; what was told or cancelled there stays so."""
    ChannelDelivery.objects.bulk_create(
        [ChannelDelivery(notification_id=ident, way=way) for ident in notification_ids], ignore_conflicts=True
    )
