"""Writes of people about their inbox and their wishes, and of those who run the place."""

from collections.abc import Collection
from datetime import time
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import InvalidFields
from accounts.models import User
from notifications import live, metrics, settling, upkeep
from notifications.events import Announced
from notifications.models import (
    Announcement,
    Digest,
    FromWhom,
    NotificationActor,
    Preference,
    PushSubscription,
    Settings,
)
from notifications.registry import KINDS, Way
from socialnet.outbox.actions import emit

_READ = """
WITH done AS (
    UPDATE notifications_notification SET read_at = clock_timestamp(), is_open = false
    WHERE recipient_id = %(person)s AND stands AND read_at IS NULL
        AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)) AND (%(up_to)s IS NULL OR place <= %(up_to)s)
    RETURNING id, place
), cancelled AS (
    UPDATE notifications_channeldelivery d SET state = 'cancelled', outcome = 'read', at = clock_timestamp()
    FROM done WHERE d.notification_id = done.id AND d.state = 'owed'
    RETURNING 1
)
SELECT id, place, (SELECT count(*) FROM cancelled) FROM done
"""


@transaction.atomic
def mark_read(*, person: User, ids: Collection[int] | None = None, up_to: int | None = None) -> int:
    """Mark as read these of the person's notifications, or all up to a place in the inbox, or all; returns how many.

    What was to be told by letter or push is not any more. Repeating it changes nothing.
    """
    settling.lock_inboxes([person.pk])
    with connection.cursor() as cursor:
        cursor.execute(
            _READ, {"person": person.pk, "ids": None if ids is None else list(ids), "up_to": up_to}
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


@transaction.atomic
def save_settings(
    *,
    person: User,
    is_on: bool,
    quiet_from: time | None,
    quiet_until: time | None,
    loud_pass: bool,
    hourly_cap: int,
    digest: str,
) -> Settings:
    """What holds for all kinds. Raises `InvalidFields`."""
    if (quiet_from is None) != (quiet_until is None):
        raise InvalidFields(quiet_until=[_("Quiet hours need a beginning and an end.")])
    if not 1 <= hourly_cap <= 500:
        raise InvalidFields(hourly_cap=[_("A number from 1 to 500.")])
    if digest not in Digest.values:
        raise InvalidFields(digest=[_("There is no such choice.")])
    saved, _created = Settings.objects.update_or_create(
        user=person,
        defaults={
            "is_on": is_on,
            "quiet_from": quiet_from,
            "quiet_until": quiet_until,
            "loud_pass": loud_pass,
            "hourly_cap": hourly_cap,
            "digest": digest,
        },
    )
    return saved


@transaction.atomic
def save_preference(
    *, person: User, kind: str, ways: Collection[str], from_whom: str, pace: str
) -> Preference:
    """What the person wishes of one kind. Raises `InvalidFields`."""
    registered = KINDS.get(kind)
    if registered is None:
        raise InvalidFields(kind=[_("There is no such kind.")])
    wrong: dict[str, list[Any]] = {}
    if pace not in registered.paces:
        wrong["pace"] = [_("There is no such choice.")]
    if from_whom not in FromWhom.values or (from_whom != FromWhom.EVERYONE and not registered.from_whom):
        wrong["from_whom"] = [_("There is no such choice.")]
    if not set(ways) <= {str(way) for way in Way if way is not Way.INBOX}:
        wrong["ways"] = [_("There is no such choice.")]
    if wrong:
        raise InvalidFields(**wrong)
    chosen, _created = Preference.objects.update_or_create(
        user=person,
        kind=kind,
        defaults={"ways": sorted(set(ways)), "from_whom": from_whom, "pace": pace},
    )
    return chosen


@transaction.atomic
def announce(*, author: User, text: str, url: str = "") -> Announcement:
    """Tell everybody, in the background."""
    announcement = Announcement.objects.create(author=author, text=text, url=url)
    emit(Announced(announcement_id=announcement.pk), actor_id=author.pk)
    return announcement


def forget_person(*, user_id: int) -> None:
    """All that a deleted person was told and wished."""
    upkeep.forget_inbox(user_id)
    NotificationActor.objects.filter(actor=user_id).delete()
    Preference.objects.filter(user=user_id).delete()
    Settings.objects.filter(user=user_id).delete()
    PushSubscription.objects.filter(user=user_id).delete()
