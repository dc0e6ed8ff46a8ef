"""Reads: the browsers of a person."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from django.db.models import F, QuerySet

from accounts.models import User
from notifications.channels.push.keys import public_key
from notifications.models import PushSubscription

SILENT = 2  # messages in a row that did not arrive


@dataclass(frozen=True)
class Device:
    """A browser as its owner sees it. `mark` is how the browser knows itself; its address is a secret of both."""

    id: int
    label: str
    mark: str
    is_silent: bool
    subscription: PushSubscription


@dataclass(frozen=True)
class PushPart:
    """What `notifications/_push.html` shows."""

    public_key: str
    devices: list[Device]


def part_of(person: User) -> PushPart:
    return PushPart(public_key(), [_device(browser) for browser in browsers_of(person)])


def browsers_of(person: User) -> QuerySet[PushSubscription]:
    """The latest used first; those that were never used by when they were made."""
    return PushSubscription.objects.filter(user=person.pk).order_by(F("used_at").desc(nulls_last=True), "-id")


def with_browsers(people: Collection[int]) -> set[int]:
    return set(PushSubscription.objects.filter(user__in=people).values_list("user_id", flat=True))


def is_silent(person: User) -> bool:
    """Whether the person has browsers, and none of them takes anything."""
    failures = list(browsers_of(person).values_list("failures", flat=True))
    return bool(failures) and min(failures) >= SILENT


def _device(browser: PushSubscription) -> Device:
    return Device(
        id=browser.pk,
        label=browser.label,
        mark=sha256(browser.endpoint.encode()).hexdigest(),
        is_silent=browser.failures >= SILENT,
        subscription=browser,
    )
