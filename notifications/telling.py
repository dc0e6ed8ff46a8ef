"""Telling: what is due leaves the inbox, by the ways that its person wants. What is told together is one telling.

In one transaction under the locks of their inboxes: what is due and still unread is told, or put off for quiet hours or
because it would be too much in an hour; then it comes together, as one summary. Mail and push are owed as events in
that transaction, so nothing is lost and nothing told twice; whoever dies before leaves it due.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Max

from accounts.models import User
from notifications import metrics, preferences
from notifications.channels import CHANNELS
from notifications.clock import quiet_until
from notifications.models import ChannelDelivery, Notification, NotificationQuerySet
from notifications.preferences import Wishes
from notifications.registry import HOUR, KINDS, Way
from notifications.second_look import Look, look
from notifications.settling import due_at, lock_inboxes, now
from socialnet.outbox.ids import time_of

PEOPLE_AT_ONCE = 100
PAUSE = timedelta(minutes=5)  # of somebody whom telling failed
FALLEN_PAUSE = timedelta(minutes=1)  # of what lost its causes, until that is settled
log = structlog.get_logger(__name__)

_DUE = """
SELECT DISTINCT recipient_id FROM (
    SELECT recipient_id FROM notifications_notification
    WHERE stands AND told_at IS NULL AND read_at IS NULL AND due_at <= clock_timestamp()
    ORDER BY due_at LIMIT %(most)s
) due
"""
# Of people who were told as often as they want in this hour, the telling that has to be an hour ago before there is
# room for another. A telling that went out by no way is none.
_FULL = """
SELECT w.person, t.told_at FROM unnest(%(people)s::bigint[], %(caps)s::int[]) w(person, cap) CROSS JOIN LATERAL (
    SELECT DISTINCT told_at FROM notifications_notification n
    WHERE n.recipient_id = w.person AND n.told_at > %(since)s
        AND EXISTS (SELECT FROM notifications_channeldelivery d WHERE d.notification_id = n.id)
    ORDER BY told_at DESC OFFSET w.cap - 1 LIMIT 1
) t
"""
_NOTE = """
UPDATE notifications_notification n SET told_at = %(now)s,
    closes_at = %(now)s + make_interval(secs => k.cooldown)
FROM unnest(%(kinds)s::text[], %(cooldowns)s::int[]) k(kind, cooldown)
WHERE n.id = ANY(%(ids)s) AND k.kind = n.kind
"""
Rows = list[Notification]


def tell_due(*, most: int = 1000) -> int:
    """Tell those for whom the oldest `most` notifications are due; returns how many people were looked at.

    Where that fails the others are told all the same, and it is tried again a little later.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"most": most})
        people = [row[0] for row in cursor.fetchall()]
    try:
        tell(people)
    except Exception:
        log.exception("telling_failed", people=len(people))
        for person_id in people:
            _tell_or_pause(person_id)
    return len(people)


def _tell_or_pause(person_id: int) -> None:
    try:
        tell([person_id])
    except Exception:
        log.exception("telling_paused", user_id=person_id)
        with transaction.atomic():
            lock_inboxes([person_id])
            _waiting([person_id]).filter(due_at__lte=now()).update(due_at=now() + PAUSE)


def tell(people: Iterable[int]) -> int:
    """Tell these people what is due for them now, or put it off; returns how many notifications were told."""
    told, waiting = 0, iter(sorted(set(people)))
    while some := list(islice(waiting, PEOPLE_AT_ONCE)):
        told += _tell(some)
    return told


@transaction.atomic
def _tell(people: Collection[int]) -> int:
    if not _due(people, now()):  # mostly so: what was settled just now waits for others to join
        return 0
    lock_inboxes(people)
    moment = now()
    due = _due(people, moment)
    standing = User.objects.standing().in_bulk(due)
    for person_id in due.keys() - standing.keys():  # suspended: the inbox waits
        _put_off(due.pop(person_id), moment + timedelta(hours=1))
    wishes = preferences.of(due)
    silent = _without_unwelcome(due, wishes, moment)
    silent += [row for rows in due.values() for row in rows if not wishes[row.recipient_id].ways(row.kind)]
    full = _without_room({person_id: wishes[person_id] for person_id in due}, moment)
    told = {
        person_id: _within_cap(
            _not_quiet(_outside(rows, wishes[person_id]), wishes[person_id], moment), full.get(person_id)
        )
        for person_id, rows in due.items()
    }
    _note([*silent, *(row for rows in told.values() for row in rows)], moment)
    _hand_over({standing[person_id]: rows for person_id, rows in told.items() if rows}, wishes)
    return sum(map(len, told.values()))


def _without_unwelcome(due: dict[int, Rows], wishes: Mapping[int, Wishes], moment: datetime) -> Rows:
    """Take out of `due` what its person does not want to hear of any more, and return that; what has no cause any more
    waits to be taken out of the inbox."""
    looks = look([row for rows in due.values() for row in rows], wishes)
    unwelcome, fallen = (
        [row for rows in due.values() for row in rows if looks[row.pk] is found]
        for found in (Look.UNWELCOME, Look.FALLEN)
    )
    _put_off(fallen, moment + FALLEN_PAUSE)
    for person_id, rows in due.items():
        due[person_id] = [row for row in rows if looks[row.pk] is Look.WELCOME]
    return unwelcome


def weigh_again(person_id: int) -> None:
    """Give what waits the time that the person's wishes mean now; inside a transaction that holds their inbox.

    Quiet hours and the hourly cap are asked when it is due.
    """
    waiting = list(_waiting([person_id]))
    if not waiting:
        return
    wishes = preferences.of_person(person_id)
    told = _told_last(waiting)
    for row in waiting:
        since, last = time_of(row.pk), told[row.kind, row.target_id]
        row.due_at = due_at(row.kind, wishes=wishes, since=since, told=last)
        if wishes.is_hasty(row.kind) and row.actor_count >= row.registered.largest:
            cooled = last + timedelta(seconds=row.registered.cooldown) if last else since
            row.due_at = min(row.due_at, max(since, cooled))
    Notification.objects.bulk_update(waiting, ["due_at"], batch_size=500)


def _told_last(rows: Rows) -> dict[tuple[str, int], datetime | None]:
    """When what these rows of one inbox are about was told last."""
    same = Notification.objects.filter(
        recipient=rows[0].recipient_id,
        kind__in={row.kind for row in rows},
        target_id__in={row.target_id for row in rows},
    )
    lasts = same.values_list("kind", "target_id").annotate(last=Max("told_at")).order_by()
    return {(kind, target_id): last for kind, target_id, last in lasts}


def _outside(rows: Rows, wishes: Wishes) -> Rows:
    """Those for which the inbox is not enough."""
    return [row for row in rows if wishes.ways(row.kind)]


def _waiting(people: Collection[int]) -> NotificationQuerySet:
    return Notification.objects.standing().unread().filter(recipient__in=people, told_at=None)


def _due(people: Collection[int], moment: datetime) -> dict[int, Rows]:
    due: dict[int, Rows] = defaultdict(list)
    for row in _waiting(people).filter(due_at__lte=moment).order_by("place"):
        due[row.recipient_id].append(row)
    return due


def _not_quiet(due: Rows, wishes: Wishes, moment: datetime) -> Rows:
    """What may be told now in spite of quiet hours; the rest is put off to their end."""
    chosen = wishes.settings
    ends = quiet_until(moment, start=chosen.quiet_from, end=chosen.quiet_until, zone=wishes.zone)
    if ends is None:
        return due
    _put_off([row for row in due if not _passes(row, wishes)], ends)
    return [row for row in due if _passes(row, wishes)]


def _passes(row: Notification, wishes: Wishes) -> bool:
    kind = row.registered
    return kind.urgent or (kind.loud and wishes.settings.loud_pass)


def room_at(person_id: int) -> datetime | None:
    """When there is room again for somebody who was told as often as they want in this hour; None if there is."""
    return _without_room(preferences.of([person_id]), now()).get(person_id)


def _without_room(wishes: Mapping[int, Wishes], moment: datetime) -> dict[int, datetime]:
    """Who was told as often as they want in this hour, and when there is room again."""
    hour = timedelta(seconds=HOUR)
    params: dict[str, Any] = {
        "people": list(wishes),
        "caps": [theirs.settings.hourly_cap for theirs in wishes.values()],
        "since": moment - hour,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FULL, params)
        return {person_id: told_at + hour for person_id, told_at in cursor.fetchall()}


def _within_cap(due: Rows, room_at: datetime | None) -> Rows:
    """All of `due`, unless there is no room before `room_at`: then only what is urgent."""
    if room_at is None:
        return due
    _put_off([row for row in due if not row.registered.urgent], room_at)
    return [row for row in due if row.registered.urgent]


def _put_off(rows: Sequence[Notification], until: datetime) -> None:
    if rows:
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


def _hand_over(told: Mapping[User, Rows], wishes: Mapping[int, Wishes]) -> None:
    """To each way that is wanted and reaches the person: one row each, and one message for all of them."""
    for channel in CHANNELS:
        wanted = {
            person: [row.pk for row in rows if channel.way in wishes[person.pk].ways(row.kind)]
            for person, rows in told.items()
        }
        candidates = [person.pk for person, ids in wanted.items() if ids]
        reached = channel.reached(candidates) if candidates else set()
        owed = {person: ids for person, ids in wanted.items() if ids and person.pk in reached}
        owe(channel.way, [ident for ids in owed.values() for ident in ids])
        for person, ids in owed.items():
            channel.owe(person, ids)
        metrics.told(channel.way, sum(map(len, owed.values())))


def owe(way: Way, notification_ids: Sequence[int]) -> None:
    """That these are to be told by `way`; what was told or cancelled there stays so."""
    ChannelDelivery.objects.bulk_create(
        [ChannelDelivery(notification_id=ident, way=way) for ident in notification_ids], ignore_conflicts=True
    )


def kept_quiet(
    rows: Sequence[Notification], wishes: Wishes, moment: datetime
) -> tuple[Rows, datetime | None]:
    """Which of `rows` have to wait for the end of quiet hours, and when that is; none outside of them."""
    chosen = wishes.settings
    ends = quiet_until(moment, start=chosen.quiet_from, end=chosen.quiet_until, zone=wishes.zone)
    return ([row for row in rows if not _passes(row, wishes)] if ends else []), ends


def fall_back(person: User, notification_ids: Sequence[int]) -> None:
    """Tell by letter what could not be told otherwise, unless one tells of it already or the person wants none of its
    kind. Inside a transaction."""
    mail = next((channel for channel in CHANNELS if channel.way is Way.MAIL), None)
    wishes = preferences.of_person(person.pk)
    if mail is None or not mail.reached([person.pk]):
        return
    rows = Notification.objects.filter(pk__in=notification_ids).exclude(deliveries__way=Way.MAIL)
    if ids := [row.pk for row in rows.order_by("place") if wishes.bears(Way.MAIL, row.kind)]:
        owe(Way.MAIL, ids)
        mail.owe(person, ids)
