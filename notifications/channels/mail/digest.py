"""Who gets a digest now. Digests go out at about eight in the morning where their reader is, never empty.

Every day, every week (on Mondays), or when somebody was away: once per absence, the first time that there is news on
one of the mornings of `AWAY_DAYS`. The day of the last visit is known, not the hour: from the second day after it on,
an absence has certainly lasted for 24 hours. So each run looks only at those who left on one of a few days, by the
index on that day, and at those who asked for digests, by theirs: neither at everybody nor at all that is unread.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import groupby, islice
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection, transaction

from notifications import preferences
from notifications.channels.mail import reachable
from notifications.clock import MORNING, quiet_until
from notifications.events import DigestOwed
from notifications.models import ChannelDelivery, Digest, Settings
from notifications.preferences import Wishes
from notifications.registry import Pace, Way
from notifications.settling import lock_inboxes
from notifications.settling import now as moment_of_database
from socialnet.kernel import realtime
from socialnet.outbox.actions import emit
from socialnet.outbox.ids import id_at

AWAY_DAYS = (2, 3, 4, 7, 14, 28)  # days after the last visit
OPEN_FOR = timedelta(hours=3)  # after eight, or after quiet hours that are longer: then the next morning
LATEST = timedelta(hours=12)  # after eight, whatever quiet hours say
MOST = 500  # notifications of one digest
PEOPLE_AT_ONCE = 200
_PERIODS: dict[str, timedelta] = {Digest.DAILY: timedelta(days=1), Digest.WEEKLY: timedelta(days=7)}

_AWAY = """
SELECT a.user_id, a.last_active_on FROM accounts_activity a
JOIN accounts_user u ON u.id = a.user_id
LEFT JOIN notifications_settings s ON s.user_id = a.user_id
WHERE a.state IN ('live', 'filling') AND a.last_active_on = ANY(%(days)s)
    AND u.is_active AND u.suspended_at IS NULL AND NOT u.time_zone = ANY(%(elsewhere)s)
    AND coalesce(s.is_on, true) AND coalesce(s.digest, 'away') = 'away' AND coalesce(s.mail_trouble, '') = ''
    AND (s.digest_at IS NULL OR s.digest_at < (a.last_active_on + 1)::timestamp AT TIME ZONE 'UTC')
    AND EXISTS (
        SELECT 1 FROM notifications_notification n WHERE n.recipient_id = a.user_id AND n.stands AND n.read_at IS NULL
    )
    AND NOT EXISTS (  -- whoever read news was here, though not at home
        SELECT 1 FROM notifications_notification n WHERE n.recipient_id = a.user_id AND n.stands
            AND n.read_at >= (a.last_active_on + 1)::timestamp AT TIME ZONE 'UTC'
    )
"""
_REGULAR = """
SELECT s.user_id, NULL FROM notifications_settings s
JOIN accounts_user u ON u.id = s.user_id
WHERE s.digest IN ('daily', 'weekly') AND s.is_on AND s.mail_trouble = ''
    AND u.is_active AND u.suspended_at IS NULL AND NOT u.time_zone = ANY(%(elsewhere)s)
    AND (s.digest_at IS NULL OR s.digest_at < %(now)s::timestamptz - %(latest)s)
"""
_NEWS = """
SELECT n.recipient_id, n.id, n.kind FROM unnest(%(people)s::bigint[], %(since)s::bigint[]) p(id, since)
CROSS JOIN LATERAL (
    SELECT n.recipient_id, n.id, n.kind, n.place FROM notifications_notification n
    WHERE n.recipient_id = p.id AND n.stands AND n.read_at IS NULL AND n.place >= p.since
        AND NOT EXISTS (
            SELECT 1 FROM notifications_channeldelivery d WHERE d.notification_id = n.id AND d.way = 'mail'
        )
    ORDER BY n.place DESC LIMIT %(most)s
) n ORDER BY n.recipient_id, n.place DESC
"""


@dataclass(frozen=True)
class Reader:
    """Somebody who may want a digest now. `left_on` is the day of their last visit, if they are away."""

    user_id: int
    left_on: date | None


def owe_due(*, now: datetime | None = None) -> int:
    """Owe the digests for which it is time; returns how many. May run twice at once."""
    now = now or moment_of_database()
    return sum(
        _owe_some(readers, now) for statement in (_AWAY, _REGULAR) for readers in _readers(statement, now)
    )


def last_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The last eight o'clock where the person is, not later than `now`."""
    today = now.astimezone(zone).date()
    mornings = (datetime.combine(day, MORNING, tzinfo=zone) for day in (today, today - timedelta(days=1)))
    return next(morning for morning in mornings if morning <= now).astimezone(UTC)


def _readers(statement: str, now: datetime) -> Iterable[list[Reader]]:
    """Those where it is morning, a piece at a time."""
    elsewhere = [name for name in _zones() if now - last_morning(now, ZoneInfo(name)) > LATEST]
    days = [now.astimezone(UTC).date() - timedelta(days=ago) for ago in AWAY_DAYS]
    params: dict[str, Any] = {"days": days, "elsewhere": elsewhere, "now": now, "latest": LATEST}
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        readers = iter(sorted((Reader(*row) for row in cursor.fetchall()), key=lambda reader: reader.user_id))
    while some := list(islice(readers, PEOPLE_AT_ONCE)):
        yield some


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


@transaction.atomic
def _owe_some(readers: Sequence[Reader], now: datetime) -> int:
    """Under the locks of their inboxes, as all telling: of two runs the second finds the digest owed."""
    ids = [reader.user_id for reader in readers]
    online = set(realtime.online_among(ids))
    lock_inboxes(ids)
    wishes = preferences.of(ids)
    reached = set(reachable().filter(pk__in=ids).values_list("pk", flat=True)) - online
    since = {
        reader.user_id: start
        for reader in readers
        if reader.user_id in reached and (start := _start(reader, wishes[reader.user_id], now))
    }
    owed = _news(since, wishes)
    for user_id, notification_ids in owed.items():
        emit(DigestOwed(user_id=user_id, notification_ids=notification_ids))
    _note(owed, now)
    return len(owed)


def _start(reader: Reader, wishes: Wishes, now: datetime) -> datetime | None:
    """Since when there may be news for a digest that is due now; None if none is."""
    chosen, morning = wishes.settings, last_morning(now, wishes.zone)
    opens = _after_quiet(morning, wishes) or morning
    if not (opens <= now < opens + OPEN_FOR) or _after_quiet(now, wishes) or not chosen.is_on:
        return None
    told = chosen.digest_at
    if reader.left_on is not None:
        left = datetime.combine(reader.left_on, time(), tzinfo=UTC)
        again = told is not None and told >= left + timedelta(days=1)
        return None if again or chosen.digest != Digest.AWAY else left
    weekday = morning.astimezone(wishes.zone).weekday()
    if (told is not None and told >= morning) or (chosen.digest == Digest.WEEKLY and weekday != 0):
        return None
    if chosen.digest not in _PERIODS:
        return None
    return told or now - _PERIODS[chosen.digest]


def _after_quiet(moment: datetime, wishes: Wishes) -> datetime | None:
    chosen = wishes.settings
    return quiet_until(moment, start=chosen.quiet_from, end=chosen.quiet_until, zone=wishes.zone)


def _news(since: Mapping[int, datetime], wishes: Mapping[int, Wishes]) -> dict[int, list[int]]:
    """What each has not read and no letter told; the newest first."""
    if not since:
        return {}
    params: dict[str, Any] = {
        "people": list(since),
        "since": [id_at(start) for start in since.values()],
        "most": MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, params)
        rows = cursor.fetchall()
    found = {
        person: [ident for _person, ident, kind in news if wishes[person].pace(kind) is not Pace.OFF]
        for person, news in groupby(rows, key=lambda row: row[0])
    }
    return {person: ids for person, ids in found.items() if ids}


def _note(owed: Mapping[int, Sequence[int]], now: datetime) -> None:
    ChannelDelivery.objects.bulk_create(
        [
            ChannelDelivery(notification_id=ident, way=Way.MAIL, state=ChannelDelivery.State.OWED)
            for ids in owed.values()
            for ident in ids
        ],
        ignore_conflicts=True,
    )
    Settings.objects.bulk_create(
        [Settings(user_id=person, digest_at=now) for person in owed],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["digest_at"],
    )
