"""Sending what is owed by mail: each notification in one letter, as far as mail lets anybody promise that.

Rows are claimed before the server is spoken to, so whoever makes the same delivery meanwhile sends nothing. Whoever
dies after the server took the letter and before that is written down leaves a claim that runs out: then the letter goes
out twice, at most once for each such death, with the same `Message-ID`, which most mailboxes show once.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any

import structlog
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import QuerySet

from accounts import mail
from accounts.models import User
from notifications import preferences
from notifications.channels.mail import WAITS, bounces, letters, reachable
from notifications.clock import quiet_until
from notifications.events import DigestOwed, MailOwed
from notifications.models import ChannelDelivery, Digest, Notification
from notifications.preferences import Wishes
from notifications.registry import Pace, Way
from notifications.second_look import Look, look
from notifications.settling import now
from socialnet.outbox.actions import emit
from socialnet.outbox.deliveries import MAX_ATTEMPTS
from socialnet.outbox.errors import NotYet

log = structlog.get_logger(__name__)
CLAIM_SECONDS = 120  # longer than any conversation with a server: a dozen steps of at most 5 s
SENDING = "sending"
Writer = Callable[[User, Sequence[int]], EmailMultiAlternatives | None]

# What failed is taken too: its delivery comes again only when staff opens the dead letter.
_CLAIM = """
UPDATE notifications_channeldelivery SET state = 'owed', outcome = 'sending', attempts = attempts + 1,
    at = clock_timestamp()
WHERE way = 'mail' AND notification_id = ANY(%(ids)s) AND state IN ('owed', 'failed') AND outcome <> 'waits'
    AND (outcome <> 'sending' OR at < clock_timestamp() - make_interval(secs => %(claim)s))
RETURNING notification_id
"""
_RELEASE = """
UPDATE notifications_channeldelivery SET outcome = %(outcome)s, attempts = greatest(attempts - %(uncounted)s, 0),
    state = CASE WHEN attempts - %(uncounted)s >= %(most)s THEN 'failed' ELSE state END
WHERE way = 'mail' AND notification_id = ANY(%(ids)s) AND state = 'owed'
"""
_DUE = """
SELECT notification_id FROM notifications_channeldelivery
WHERE state = 'owed' AND at <= clock_timestamp() AND way = 'mail' AND outcome = 'waits'
ORDER BY at LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""


def send_news(event: MailOwed) -> None:
    """One letter about what was told together."""
    _send(event, lambda person, ids: letters.about(person, ids, event_id=event.id), outcome="letter")


def send_digest(event: DigestOwed) -> None:
    """One letter about what nobody looked at."""
    _send(event, lambda person, ids: letters.digest(person, ids, event_id=event.id), outcome="digest")


@transaction.atomic
def owe_waiting(*, most: int = 1000) -> int:
    """Owe the letters that waited for people to look, or for the end of quiet hours; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"most": most})
        ids = [row[0] for row in cursor.fetchall()]
    _rows(ids).update(outcome="")
    by_person: dict[int, list[int]] = {}
    for ident, person_id in Notification.objects.filter(pk__in=ids).values_list("pk", "recipient_id"):
        by_person.setdefault(person_id, []).append(ident)
    for person_id, owed in by_person.items():
        emit(MailOwed(user_id=person_id, notification_ids=sorted(owed)))
    return len(by_person)


def _send(event: MailOwed | DigestOwed, write: Writer, *, outcome: str) -> None:
    person = reachable().filter(pk=event.user_id).first()
    if person is None:
        _end(event.notification_ids, ChannelDelivery.State.CANCELLED, "no_address")
        return
    wishes = preferences.of_person(person.pk)
    rows = _still_news(event.notification_ids, wishes, is_digest=outcome == "digest")
    if not (ids := _claim(_not_quiet(rows, wishes, is_digest=outcome == "digest"))):
        if _in_other_hands(event.notification_ids):
            raise NotYet(CLAIM_SECONDS // 2)
        return
    try:
        letter = write(person, ids)
        if letter is None:
            _end(ids, ChannelDelivery.State.CANCELLED, "undone")
            return
        with mail.patience(event):
            mail.hand_over(letter, in_bulk=outcome == "digest")
    except NotYet:
        _release(ids, "", uncounted=1)
        raise
    except Exception as error:
        if not _is_refused_for_good(person, ids, error):
            _release(ids, _code(error))
            raise
    else:
        _end(ids, ChannelDelivery.State.SENT, outcome)


def _still_news(ids: Collection[int], wishes: Wishes, *, is_digest: bool) -> list[Notification]:
    """What stands, was not seen, and is still wanted by mail; the rest is cancelled."""
    rows = list(Notification.objects.filter(pk__in=ids, recipient=wishes.settings.user_id).order_by("place"))
    news = [row for row in rows if row.stands and not row.is_seen]
    _end([row.pk for row in rows if row.is_seen], ChannelDelivery.State.CANCELLED, "read")
    _end([row.pk for row in rows if not row.stands], ChannelDelivery.State.CANCELLED, "undone")
    wanted = wants_in_digest if is_digest else wants
    looks = look(news, {wishes.settings.user_id: wishes})
    fallen = [row.pk for row in news if looks[row.pk] is Look.FALLEN]
    _end(fallen, ChannelDelivery.State.CANCELLED, "undone")
    welcome = [row for row in news if looks[row.pk] is Look.WELCOME and wanted(row.kind, wishes)]
    left = {row.pk for row in news} - {row.pk for row in welcome} - set(fallen)
    _end(left, ChannelDelivery.State.CANCELLED, "unwanted")
    return welcome


def wants(kind: str, wishes: Wishes) -> bool:
    """Whether a letter about this kind is welcome. Who did not choose may get one in the place of another way."""
    if not wishes.settings.is_on:
        return Way.MAIL in wishes.ways(kind)
    return kind not in wishes.chosen or Way.MAIL in wishes.ways(kind)


def wants_in_digest(kind: str, wishes: Wishes) -> bool:
    """Whether this kind is welcome in a summary, if summaries are at all."""
    chosen = wishes.settings
    return chosen.is_on and chosen.digest != Digest.OFF and wishes.pace(kind) is not Pace.OFF


def _not_quiet(rows: Sequence[Notification], wishes: Wishes, *, is_digest: bool) -> list[int]:
    """What may go out now; in quiet hours, which may have begun since it was told, the rest waits for their end."""
    chosen, moment = wishes.settings, now()
    ends = quiet_until(moment, start=chosen.quiet_from, end=chosen.quiet_until, zone=wishes.zone)
    if ends is None or not rows:
        return [row.pk for row in rows]
    if is_digest:
        raise NotYet(1 + int((ends - moment).total_seconds()))
    passing = [row.pk for row in rows if row.registered.urgent or (row.registered.loud and chosen.loud_pass)]
    put_off([row.pk for row in rows if row.pk not in passing], until=ends)
    return passing


def put_off(ids: Collection[int], *, until: datetime) -> None:
    """Let these wait for `owe_waiting`."""
    open_ones = _rows(ids).filter(state__in=[ChannelDelivery.State.OWED, ChannelDelivery.State.FAILED])
    open_ones.exclude(outcome=SENDING).update(state=ChannelDelivery.State.OWED, outcome=WAITS, at=until)


def _claim(ids: Sequence[int]) -> list[int]:
    """Take those that nobody else is sending; in the given order."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"ids": list(ids), "claim": CLAIM_SECONDS})
        claimed = {row[0] for row in cursor.fetchall()}
    return [ident for ident in ids if ident in claimed]


def _in_other_hands(ids: Collection[int]) -> bool:
    since = now() - timedelta(seconds=CLAIM_SECONDS)
    return _rows(ids).filter(state=ChannelDelivery.State.OWED, outcome=SENDING, at__gt=since).exists()


def _release(ids: Sequence[int], outcome: str, *, uncounted: int = 0) -> None:
    """They were not sent; another attempt may. After the last one they failed."""
    params: dict[str, Any] = {
        "ids": list(ids),
        "outcome": outcome,
        "uncounted": uncounted,
        "most": MAX_ATTEMPTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, params)


def _is_refused_for_good(person: User, ids: Sequence[int], error: Exception) -> bool:
    """Whether the server will never take a letter to this address; then nobody tries again."""
    refusal = mail.refusal(error)
    if refusal is None or not refusal.is_about_the_address:
        return False
    bounces.note(person, code=refusal.status or str(refusal.code))
    _end(ids, ChannelDelivery.State.FAILED, f"refused_{refusal.code}")
    return True


def _end(ids: Collection[int], state: ChannelDelivery.State, outcome: str) -> None:
    if ids:
        rows = _rows(ids).exclude(state=ChannelDelivery.State.SENT)
        rows.update(state=state, outcome=outcome, at=now())


def _rows(ids: Collection[int]) -> QuerySet[ChannelDelivery]:
    return ChannelDelivery.objects.filter(notification__in=ids, way=Way.MAIL)


def _code(error: Exception) -> str:
    """What went wrong, without the words: those may quote an address."""
    if isinstance(error, SMTPRecipientsRefused):
        return f"smtp_{next(iter(error.recipients.values()), (0, b''))[0]}"
    if isinstance(error, SMTPResponseException):
        return f"smtp_{error.smtp_code}"
    return type(error).__name__[:60]
