"""The topic `notifications` of the socket: the number of unread ones, and what is new."""

from collections.abc import Collection, Iterable
from typing import Any

import structlog
from django.utils import translation

from accounts.models import User
from notifications import items, texts
from notifications.selectors import unread_count, unread_counts
from socialnet.kernel import realtime

log = structlog.get_logger(__name__)
TOPIC = "notifications"


def group(user_id: int) -> str:
    return f"notifications.{user_id}"


def snapshot(user: User) -> dict[str, Any]:
    return {"unread": unread_count(user.pk)}


def tell_numbers(people: Iterable[int], *, read: Collection[int] = (), up_to: int | None = None) -> None:
    """Let open pages of these people show the number that is true now, and what was `read` (or all `up_to` a place)."""
    online = realtime.online_among(people)
    if not online:
        return
    version = realtime.now_version()
    counts = unread_counts(online)
    facts: dict[str, Any] = {}
    if read:
        facts["read"] = [str(ident) for ident in read]
    if up_to:
        facts["read_up_to"] = str(up_to)
    realtime.publish_many(
        (group(person), _message("snapshot", {"unread": counts.get(person, 0), **facts}, version))
        for person in online
    )


def announce(person: User, notification_ids: Collection[int]) -> None:
    """What is told together, in one message: a sentence, and where it leads."""
    version = realtime.now_version()
    with translation.override(person.language):
        told = items.items_of(notification_ids, viewer=person)
        if not told:
            return
        summary = texts.summary(told)
    data = {
        "unread": unread_count(person.pk),
        "id": str(told[0].id),
        "text": summary.title,
        "url": summary.url,
        "kind": told[0].kind if len(told) == 1 else "summary",
    }
    realtime.publish(group(person.pk), _message("notification", data, version))


def _message(event: str, data: dict[str, Any], version: int) -> dict[str, Any]:
    return {"topic": TOPIC, "event": event, "data": data, "version": version}
