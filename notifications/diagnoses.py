"""Why somebody is not told, or told late: what stands in their inbox, what is owed, and which wishes hold it back."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import User
from notifications import actions, preferences, settling, telling
from notifications.channels import CHANNELS
from notifications.clock import quiet_until
from notifications.models import ChannelDelivery, Notification
from notifications.preferences import Wishes
from notifications.registry import KINDS, URGENT, WAY_LABELS
from socialnet.kernel.diagnosing import Case, Finding, Told, diagnosis
from socialnet.kernel.errors import NotFound

LATE = 60  # seconds after which what is due should long be told
OLD = 600  # seconds after which what is owed should long be sent
_NUMBERS = """
SELECT count(*) FILTER (WHERE read_at IS NULL), count(*) FILTER (WHERE is_open),
    count(*) FILTER (WHERE read_at IS NULL AND told_at IS NULL),
    min(due_at) FILTER (WHERE read_at IS NULL AND told_at IS NULL)
FROM notifications_notification WHERE stands AND recipient_id = %(person)s
"""
_LATE = """
SELECT n.id, n.kind, u.username, extract(epoch FROM clock_timestamp() - n.due_at)::int
FROM notifications_notification n JOIN accounts_user u ON u.id = n.recipient_id
WHERE n.stands AND n.told_at IS NULL AND n.read_at IS NULL
    AND n.due_at < clock_timestamp() - make_interval(secs => %(late)s) AND {whose} ORDER BY n.due_at LIMIT 1000
"""
_UNSENT = """
SELECT d.notification_id, d.way, d.state, d.outcome, d.attempts, u.username,
    extract(epoch FROM clock_timestamp() - d.at)::int,
    n.stands AND (n.read_at IS NULL OR n.kind = ANY(%(urgent)s))
FROM notifications_channeldelivery d JOIN notifications_notification n ON n.id = d.notification_id
JOIN accounts_user u ON u.id = n.recipient_id
WHERE d.state IN ('owed', 'failed') AND {whose} ORDER BY d.at DESC LIMIT 1000
"""
_ACTORS = """
SELECT n.id, n.kind, n.actor_count, count(a.actor_id) FILTER (WHERE a.is_active)
FROM notifications_notification n JOIN notifications_notificationactor a ON a.notification_id = n.id
WHERE n.recipient_id = %(person)s GROUP BY n.id
HAVING n.actor_count <> count(a.actor_id) FILTER (WHERE a.is_active) AND n.stands ORDER BY n.id
"""


@diagnosis("notifications", title="Inbox and wishes")
def inbox(case: Case) -> Iterator[Told]:
    if not case.username:
        return
    person = _person(case)
    ((unread, is_open, waiting, due),) = _rows(_NUMBERS, person=person.pk)
    moment = settling.now()
    yield f"{unread} unread; {is_open} that people may still join; {waiting} not told yet outside the inbox."
    if due:
        late = (moment - due).total_seconds()
        yield f"The next is due in {-late:.0f} s." if late < 0 else f"The earliest was due {late:.0f} s ago."
    yield from _wishes(person, preferences.of_person(person.pk), moment)
    for ident, kind, counted, right in _rows(_ACTORS, person=person.pk):
        yield Finding(
            "people", f"notification {ident} ({kind})", f"kept {counted}, the rows say {right}", ident
        )


def _wishes(person: User, wishes: Wishes, moment: datetime) -> Iterator[str]:
    """What holds back, in plain words."""
    chosen = wishes.settings
    if person.is_suspended:
        yield "They are suspended: nothing is told until they are not."
    if not chosen.is_on:
        yield "They switched off everything outside the inbox; only what is urgent is told."
    ends = quiet_until(moment, start=chosen.quiet_from, end=chosen.quiet_until, zone=wishes.zone)
    if chosen.quiet_from:
        spared = " Mentions and replies pass." if chosen.loud_pass else ""
        now = f" It is quiet now, until {ends:%H:%M} UTC." if ends else ""
        yield f"Quiet from {chosen.quiet_from:%H:%M} to {chosen.quiet_until:%H:%M} in {wishes.zone.key}.{spared}{now}"
    if room := telling.room_at(person.pk):
        yield f"Told {chosen.hourly_cap} times in this hour, as often as they want, until {room:%H:%M:%S} UTC."
    for kind in KINDS:
        if wishes.is_off(kind):
            yield f"They want nothing of the kind {kind}, not even in the inbox."
        elif kind in wishes.chosen:
            ways = ", ".join(str(way) for way in sorted(wishes.wanted_ways(kind))) or "no way"
            yield f"They chose {wishes.pace(kind)} by {ways} for {kind}, from {wishes.from_whom(kind)}."
    for channel in CHANNELS:
        reached = "reaches them" if channel.reached([person.pk]) else "does not reach them now"
        trouble = channel.trouble(person, chosen)
        yield f"{WAY_LABELS[channel.way]} {reached}{f': {trouble}' if trouble else ''}."


@diagnosis("notifications", title="Due and not told")
def late(case: Case) -> Iterator[Finding]:
    for ident, kind, username, seconds in _rows(_LATE.format(whose=_whose(case)), late=LATE, **_asked(case)):
        why = f"due {seconds} s ago: are a worker of the queue notify and the beat up? Does telling fail, in its log?"
        yield Finding("late", f"notification {ident} ({kind}) of @{username}", why, ident)


@late.repair
def tell_late(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    rows = Notification.objects.filter(pk__in=[finding.ident for finding in wrong])
    people = set(rows.values_list("recipient", flat=True))
    told = telling.tell(people)
    yield f"told {told} notifications to {len(people)} people, or put them off as they wish"


@diagnosis("notifications", title="Owed and failed, by way")
def unsent(case: Case) -> Iterator[Told]:
    rows = _rows(_UNSENT.format(whose=_whose(case)), **_asked(case), urgent=list(URGENT))
    for channel in CHANNELS:
        states = [row[2] for row in rows if row[1] == channel.way]
        yield f"{channel.way}: {states.count('owed')} owed, {states.count('failed')} failed."
    for ident, way, state, outcome, attempts, username, seconds, matters in rows:
        what = f"notification {ident} of @{username} by {way}"
        if state == ChannelDelivery.State.FAILED:
            why = f"{outcome or 'no reason known'}, after {attempts} attempts"
            yield Finding("failed", what, why if matters else f"{why}; read or undone since", ident, matters)
        elif seconds > OLD:
            why = f"for {seconds} s, {attempts} attempts {outcome}: is a worker of its queue up, its breaker open?"
            yield Finding("owed", what, why.strip(), ident, wrong=False)


@unsent.repair
def send_again(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    yield f"owed {actions.retry_failed(finding.ident for finding in wrong)} deliveries again"


def _person(case: Case) -> User:
    person = User.objects.filter(username=case.username).first()
    if person is None:
        raise NotFound
    return person


def _whose(case: Case) -> str:
    return "n.recipient_id = %(person)s" if case.username else "true"


def _asked(case: Case) -> dict[str, Any]:
    return {"person": _person(case).pk} if case.username else {}


def _rows(statement: str, **params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
