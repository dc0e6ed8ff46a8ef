"""Sending what is owed: one message for a telling, to each browser of its person.

Taken by one browser it is told. Taken by none it is tried again after a pause, and then given up: what can be told by
letter is, instead. A service that did not answer lately is not asked for a while: that is no attempt, and no failure of
the browser. Nothing is logged of a person but their id, and of a browser nothing at all.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import translation

from accounts.models import User
from notifications import preferences, telling
from notifications.channels.push import keys
from notifications.channels.push.messages import Message, message_of
from notifications.items import items_of
from notifications.models import ChannelDelivery, PushSubscription
from notifications.registry import Way
from notifications.second_look import Look, look
from notifications.settling import now
from socialnet.kernel import outside
from socialnet.kernel.breaker import Breakers
from socialnet.kernel.outside import OutsideAway, OutsideRefused
from socialnet.outbox.errors import NotYet

log = structlog.get_logger(__name__)
MOST_ATTEMPTS = 3
PAUSES = (30, 300)  # seconds after the first and the second
LATEST = 3600  # later than this it is no news any more
KEPT_BY_SERVICES = 86_400  # seconds that a service keeps it for a browser that is not there
HOPELESS = 10  # messages in a row that a browser did not take, the last that it took being a week ago

_GONE = {404, 410}
_COME_AGAIN = {408, 425, 429}  # with every 5xx

# One for each host: anybody can name one that is dead, and that is nobody else's trouble.
breakers = Breakers("push", most=500, failures=10, pause=30, counts=outside.is_unreachable)
# Of the threads that speak with strangers so many may wait for services that took a message from the browser before,
# and so many for those that yet have to: hosts that only hang keep nobody else waiting.
_rooms = {True: threading.BoundedSemaphore(4), False: threading.BoundedSemaphore(2)}


class Fate(Enum):
    """What became of a message to one browser."""

    TAKEN = "taken"
    GONE = "gone"
    LATER = "later"
    PAUSED = "paused"  # not asked: its service did not answer lately
    REFUSED = "refused"


@dataclass(frozen=True)
class Try:
    browser_id: int
    fate: Fate
    outcome: str  # a code: for the record, never an address
    retry_after: int = 0  # seconds that the service asks for


def send(*, user_id: int, notification_ids: Collection[int]) -> None:
    """Send what of these is still owed. Raises `NotYet` where it is to be tried again, or must wait: for room, for a
    service that is paused, or for the end of quiet hours that began meanwhile."""
    person = User.objects.standing().filter(pk=user_id).first()
    browsers = list(PushSubscription.objects.filter(user=user_id))
    if person is None or not browsers or not keys.is_on():
        _settle(notification_ids, ChannelDelivery.State.CANCELLED, "no_browser")
        return
    with _room_for(browsers):
        ids, waits = _claim(person, notification_ids)
        if ids:
            _tell(person, browsers, ids, topic=str(min(ids)))
    if waits:
        raise NotYet(waits)


@contextmanager
def _room_for(browsers: Sequence[PushSubscription]) -> Iterator[None]:
    room = _rooms[all(browser.used_at and not browser.failures for browser in browsers)]
    if not room.acquire(blocking=False):
        raise NotYet(1)
    try:
        yield
    finally:
        room.release()


def _tell(person: User, browsers: Sequence[PushSubscription], ids: Sequence[int], *, topic: str) -> None:
    with translation.override(person.language):
        items = items_of(ids, viewer=person)
        if not items:
            return _settle(ids, ChannelDelivery.State.CANCELLED, "undone")
        message = message_of(items, topic=topic)
    tries = _hand_to_all(browsers, message)
    taken = [one for one in tries if one.fate is Fate.TAKEN]
    log.info("push_sent", user_id=person.pk, browsers=len(tries), taken=len(taken), count=len(ids))
    if all(one.fate is Fate.PAUSED for one in tries) and _is_fresh(ids):
        _owed(ids).update(attempts=F("attempts") - 1)
        raise NotYet(int(breakers.pause))
    pause = None if taken else _pause(tries, ids)
    _note(tries, is_last=pause is None)
    if pause is not None:
        raise NotYet(pause)
    if taken:
        return _settle(ids, ChannelDelivery.State.SENT, taken[0].outcome)
    log.warning("push_given_up", user_id=person.pk, reasons=sorted({one.outcome for one in tries}))
    with transaction.atomic():
        _settle(ids, ChannelDelivery.State.FAILED, tries[0].outcome)
        telling.fall_back(person, ids)


# --- What is owed ----------------------------------------------------------------------------------------


@transaction.atomic
def _claim(person: User, notification_ids: Collection[int]) -> tuple[list[int], int]:
    """What is to be sent now, its attempt counted, and the seconds until the rest may be, if some has to wait.

    What was read meanwhile, does not stand, or is not wanted on devices any more, is cancelled.
    """
    owed = list(
        _owed(notification_ids)
        .select_for_update(of=("self",), no_key=True)
        .select_related("notification")
        .order_by("notification_id")
    )
    rows = [delivery.notification for delivery in owed]
    over = {row.pk for row in rows if row.is_seen or not row.stands or row.recipient_id != person.pk}
    _settle(over, ChannelDelivery.State.CANCELLED, "over")
    rows = [row for row in rows if row.pk not in over]
    wishes = preferences.of_person(person.pk)
    looks = look(rows, {person.pk: wishes})
    unwanted = {
        row.pk for row in rows if Way.PUSH not in wishes.ways(row.kind) or looks[row.pk] is not Look.WELCOME
    }
    _settle(unwanted, ChannelDelivery.State.CANCELLED, "unwanted")
    rows = [row for row in rows if row.pk not in unwanted]
    waiting, until = telling.kept_quiet(rows, wishes, moment := now())
    ids = [row.pk for row in rows if row not in waiting]
    _owed(ids).update(attempts=F("attempts") + 1)
    return ids, _seconds(until, moment) if waiting and until else 0


def _seconds(until: datetime, moment: datetime) -> int:
    return max(1, -((moment - until) // timedelta(seconds=1)))


def _owed(ids: Collection[int]) -> QuerySet[ChannelDelivery]:
    return ChannelDelivery.objects.filter(
        notification__in=ids, way=Way.PUSH, state=ChannelDelivery.State.OWED
    )


def _settle(ids: Collection[int], state: ChannelDelivery.State, outcome: str) -> None:
    _owed(ids).update(state=state, outcome=outcome, at=Now())


def _is_fresh(ids: Sequence[int]) -> bool:
    """Whether it is owed for so short a time that it is news still."""
    return _owed(ids).filter(at__gt=Now() - timedelta(seconds=LATEST)).exists()


def _pause(tries: Sequence[Try], ids: Sequence[int]) -> int | None:
    """Seconds until those that may take it later are asked again; None when it is not worth it."""
    later = [one.retry_after for one in tries if one.fate in (Fate.LATER, Fate.PAUSED)]
    attempts = max(_owed(ids).values_list("attempts", flat=True), default=MOST_ATTEMPTS)
    if not later or attempts >= MOST_ATTEMPTS:
        return None
    pause = max(PAUSES[attempts - 1], *later)
    return pause if pause <= LATEST else None


# --- Browsers --------------------------------------------------------------------------------------------


def _hand_to_all(browsers: Sequence[PushSubscription], message: Message) -> list[Try]:
    """All at once, so that it takes as long as the slowest: 5 s at most."""
    hand: Callable[[PushSubscription], Try] = partial(_hand, message)
    if len(browsers) == 1:
        return [hand(browsers[0])]
    with ThreadPoolExecutor(max_workers=len(browsers)) as pool:
        return list(pool.map(hand, browsers))


def _hand(message: Message, browser: PushSubscription) -> Try:
    """Hand it to the browser's service; asks no database."""
    try:
        host = urlsplit(outside.checked_url(browser.endpoint)).netloc
        letter = _letter(message, browser)
        if letter is None:
            return Try(browser.pk, Fate.GONE, "keys")
        body, headers = letter
        receipt = outside.post(browser.endpoint, body, headers=headers, through=breakers.of(host))
    except OutsideRefused as refusal:
        return Try(browser.pk, Fate.REFUSED, refusal.reason)
    except OutsideAway as away:
        return Try(browser.pk, Fate.PAUSED if away.reason == "paused" else Fate.LATER, away.reason)
    return Try(browser.pk, _fate(receipt.status), f"status_{receipt.status}", receipt.retry_after or 0)


def _letter(message: Message, browser: PushSubscription) -> tuple[bytes, dict[str, str]] | None:
    """None where its keys are none."""
    from notifications.channels.push.sealing import authorization, sealed

    try:
        body = sealed(message.body, p256dh=keys.decoded(browser.p256dh), auth=keys.decoded(browser.auth))
    except ValueError:
        return None
    headers = {
        "Authorization": authorization(outside.checked_url(browser.endpoint), subject=settings.VAPID_SUBJECT),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEPT_BY_SERVICES),
        "Urgency": message.urgency,
        "Topic": message.topic,
    }
    return body, headers


def _fate(status: int) -> Fate:
    if 200 <= status < 300:
        return Fate.TAKEN
    if status in _GONE:
        return Fate.GONE
    return Fate.LATER if status >= 500 or status in _COME_AGAIN else Fate.REFUSED


def _note(tries: Sequence[Try], *, is_last: bool) -> None:
    """Keep of each browser how it goes; `is_last` when those that may take it later are not asked again for this."""
    browsers = PushSubscription.objects
    failed = {Fate.REFUSED, Fate.LATER} if is_last else {Fate.REFUSED}
    browsers.filter(pk__in=_ids(tries, {Fate.GONE})).delete()
    browsers.filter(pk__in=_ids(tries, {Fate.TAKEN})).update(failures=0, used_at=Now())
    silent = browsers.filter(pk__in=_ids(tries, failed))
    silent.update(failures=F("failures") + 1)
    last_taken = Coalesce("used_at", "created_at")
    silent.alias(last_taken=last_taken).filter(
        failures__gte=HOPELESS, last_taken__lt=Now() - timedelta(days=7)
    ).delete()


def _ids(tries: Sequence[Try], fates: Collection[Fate]) -> list[int]:
    return [one.browser_id for one in tries if one.fate in fates]
