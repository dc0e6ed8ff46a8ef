"""Writes of people about their inbox and their wishes, and of those who run the place."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.errors import InvalidFields
from accounts.models import User
from feeds import shields
from feeds.filters import Place
from notifications import choices, filtering, items, live, metrics, preferences, settling, telling, upkeep
from notifications.channels import CHANNELS, channel
from notifications.claims import Claim
from notifications.events import Announced
from notifications.models import (
    Announcement,
    ChannelDelivery,
    Notification,
    NotificationActor,
    Preference,
    PushSubscription,
    Settings,
)
from notifications.preferences import Wishes
from notifications.registry import KINDS, URGENT, Way
from socialnet.outbox.actions import emit, record

_QUIETED = 1000  # unread rows, the newest, that a new filter is held against
_READ = """
WITH done AS (
    UPDATE notifications_notification SET read_at = clock_timestamp(), is_open = false
    WHERE recipient_id = %(person)s AND stands AND read_at IS NULL
        AND (told_at IS NOT NULL OR kind <> ALL(%(urgent)s))
        AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)) AND (%(up_to)s IS NULL OR place <= %(up_to)s)
    RETURNING id, place, kind
), cancelled AS (
    UPDATE notifications_channeldelivery d SET state = 'cancelled', outcome = 'read', at = clock_timestamp()
    FROM done WHERE d.notification_id = done.id AND d.state = 'owed' AND done.kind <> ALL(%(urgent)s)
    RETURNING 1
)
SELECT id, place, (SELECT count(*) FROM cancelled) FROM done
"""


@transaction.atomic
def mark_read(*, person: User, ids: Collection[int] | None = None, up_to: int | None = None) -> int:
    """Mark as read these of the person's notifications, or all up to a place in the inbox, or all; returns how many.

    What was to be told by letter or push is not any more, unless it is urgent: whoever took over an account could read
    it away; and what is urgent and not told yet stays unread. Repeating it changes nothing.
    """
    settling.lock_inboxes([person.pk])
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {
                "person": person.pk,
                "ids": None if ids is None else list(ids),
                "up_to": up_to,
                "urgent": list(URGENT),
            },
        )
        read = cursor.fetchall()
    if read:
        metrics.cancelled("read", read[0][2])
    if read and ids is None:  # perhaps very many
        highest = max(place for _ident, place, _cancelled in read)
        transaction.on_commit(partial(live.tell_numbers, [person.pk], up_to=highest))
    elif read:
        transaction.on_commit(partial(live.tell_numbers, [person.pk], read=[row[0] for row in read]))
    return len(read)


def quiet_filtered(*, person: User) -> int:
    """Mark as read what came before the person's filters hide it: nobody sees it, so nobody could. How many."""
    if not shields.of_person(person.pk, Place.NOTIFICATIONS).hides:
        return 0
    unread = Notification.objects.of(person).standing().unread().filter(kind__in=filtering.WORDED)
    rows = list(unread.order_by("-place")[:_QUIETED])
    seen = {item.id for item in items.items(rows, viewer=person)}
    hidden = [row.pk for row in rows if row.pk not in seen]
    return mark_read(person=person, ids=hidden) if hidden else 0


@transaction.atomic
def save_wishes(
    *,
    person: User,
    settings: choices.Document | None = None,
    kinds: Mapping[str, choices.Document] | None = None,
) -> Wishes:
    """What the person chose anew: of the settings by name, of each kind its ways, from whom and pace; the rest stays.

    What waits to be told is told as they wish from now on. Raises `InvalidFields` and keeps nothing of it then.
    """
    settling.lock_inboxes([person.pk])
    wishes = preferences.of_person(person.pk)
    changed = choices.changed_settings(wishes, settings or {})
    rows = choices.changed_kinds(wishes, kinds or {})
    if changed:
        Settings.objects.update_or_create(user=person, defaults=changed)
    _write(rows)
    if not (changed or rows):
        return wishes
    telling.weigh_again(person.pk)
    return preferences.of_person(person.pk)


@transaction.atomic
def forget_wishes(*, person: User) -> Wishes:
    """Back to the defaults. That letters came back is not forgotten, nor when the last summary was sent."""
    settling.lock_inboxes([person.pk])
    Preference.objects.filter(user=person).delete()
    Settings.objects.filter(user=person).update(**choices.of_settings(Settings()))
    telling.weigh_again(person.pk)
    return preferences.of_person(person.pk)


@transaction.atomic
def save_preference(
    *, person: User, kind: str, ways: Collection[str], from_whom: str, pace: str
) -> Preference:
    """What the person wishes of one kind, written down also if it is the default. Raises `InvalidFields`."""
    registered = KINDS.get(kind)
    if registered is None:
        raise InvalidFields(kind=[_("There is no such kind.")])
    chosen = {"ways": sorted(set(ways)), "from_whom": from_whom, "pace": pace}
    if wrong := choices.wrong_of_kind(registered, chosen):
        raise InvalidFields(**wrong)
    settling.lock_inboxes([person.pk])
    row = Preference(user_id=person.pk, kind=kind, **chosen)
    _write([row])
    telling.weigh_again(person.pk)
    return row


def _write(rows: Sequence[Preference]) -> None:
    Preference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["ways", "from_whom", "pace"],
    )


@transaction.atomic
def announce(*, author: User, text: str, url: str = "") -> Announcement:
    """Tell everybody, in the background; it is on the record."""
    announcement = Announcement.objects.create(author=author, text=text, url=url)
    record(
        "notifications.announce",
        actor_id=author.pk,
        target_type="notifications.announcement",
        target_id=announcement.pk,
        after={"text": text, "url": url},
    )
    emit(Announced(announcement_id=announcement.pk), actor_id=author.pk)
    return announcement


def tell_people(
    *, kind: str, recipient_ids: Collection[int], target_id: int, words: Mapping[str, str]
) -> None:
    """Put news of nobody's doing into these inboxes, once for each `target_id`: for apps above, in handlers."""
    claims = [
        Claim(kind=kind, recipient_id=recipient_id, actor_id=None, target_id=target_id, words=dict(words))
        for recipient_id in recipient_ids
    ]
    if changed := settling.settle(claims):
        live.tell_numbers(changed)
        telling.tell(changed)


@transaction.atomic
def retry_failed(notification_ids: Iterable[int]) -> int:
    """Owe again what failed of these, as it was told: together. Returns how many are tried again.

    What was undone meanwhile stays as it is, and what was read, unless it is urgent.
    """
    failed = ChannelDelivery.objects.filter(
        state=ChannelDelivery.State.FAILED,
        notification__in=list(notification_ids),
        notification__stands=True,
        way__in=[known.way for known in CHANNELS],
        notification__recipient__in=User.objects.standing(),
    ).filter(Q(notification__read_at=None) | Q(notification__kind__in=URGENT))
    people = set(failed.values_list("notification__recipient", flat=True))
    settling.lock_inboxes(people)
    tellings: dict[Any, list[int]] = defaultdict(list)
    for row in failed.select_related("notification__recipient").order_by("notification"):
        tellings[row.way, row.notification.recipient, row.notification.told_at].append(row.notification_id)
    for (way, person, _told_at), ids in tellings.items():
        ChannelDelivery.objects.filter(notification__in=ids, way=way).update(
            state=ChannelDelivery.State.OWED, attempts=0, outcome="", at=Now()
        )
        channel(Way(way)).owe(person, ids)
    return sum(map(len, tellings.values()))


def forget_person(*, user_id: int) -> None:
    """All that a deleted person was told and wished."""
    upkeep.forget_inbox(user_id)
    NotificationActor.objects.filter(actor=user_id).delete()
    Preference.objects.filter(user=user_id).delete()
    Settings.objects.filter(user=user_id).delete()
    PushSubscription.objects.filter(user=user_id).delete()
