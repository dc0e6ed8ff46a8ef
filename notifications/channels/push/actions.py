"""Writes: browsers that ask to be told, and those that are not any more."""

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.errors import InvalidFields
from accounts.models import User
from notifications.channels.push import keys
from notifications.models import PushSubscription
from socialnet.kernel import outside
from socialnet.kernel.errors import NotFound
from socialnet.kernel.outside import OutsideRefused
from socialnet.kernel.text import clean

MOST_BROWSERS = 20
_ENDPOINT_MAX, _LABEL_MAX = 1000, 60


@transaction.atomic
def subscribe(
    *, person: User, endpoint: str, p256dh: str, auth: str, label: str = "", session: str = ""
) -> tuple[PushSubscription, bool]:
    """Tell this browser from now on; returns it, and whether it is new. Asked again, it is the same one with new keys.

    `session` is `accounts.cache.copy_of` the key of the session that asked: when that ends, so does this. Of more than
    20 browsers the one that was used longest ago goes. Raises `InvalidFields`.
    """
    _check(endpoint, p256dh=p256dh, auth=auth)
    if User.objects.standing().select_for_update(no_key=True).filter(pk=person.pk).first() is None:
        raise NotFound
    known = PushSubscription.objects.filter(endpoint=endpoint).first()
    if known and known.user_id != person.pk and known.auth != auth:
        raise InvalidFields(endpoint=[_("This browser gets the messages of somebody else.")])
    browser, created = PushSubscription.objects.update_or_create(
        endpoint=endpoint,
        defaults={
            "user_id": person.pk,
            "p256dh": p256dh,
            "auth": auth,
            "label": " ".join(clean(label).split())[:_LABEL_MAX],
            "session": session,
            "failures": 0,
        },
    )
    _forget_surplus(person, keep=browser)
    return browser, created


def _check(endpoint: str, *, p256dh: str, auth: str) -> None:
    try:
        is_address = outside.checked_url(endpoint).startswith("https://") and len(endpoint) <= _ENDPOINT_MAX
    except OutsideRefused:
        is_address = False
    if not is_address:
        raise InvalidFields(endpoint=[_("This is not the address of a push service.")])
    try:
        are_keys = keys.is_point(keys.decoded(p256dh)) and len(keys.decoded(auth)) == keys.SECRET_BYTES
    except ValueError:
        are_keys = False
    if not are_keys:
        raise InvalidFields(keys=[_("These are not the keys of a browser.")])


def _forget_surplus(person: User, *, keep: PushSubscription) -> None:
    others = PushSubscription.objects.filter(user=person.pk).exclude(pk=keep.pk)
    latest = others.order_by(Coalesce("used_at", "created_at").desc(), "-id")
    surplus = list(latest.values_list("pk", flat=True)[MOST_BROWSERS - 1 :])
    PushSubscription.objects.filter(pk__in=surplus).delete()


def unsubscribe(*, person: User, endpoint: str) -> None:
    """The browser is not told any more; one that is not the person's stays as it is."""
    PushSubscription.objects.filter(user=person.pk, endpoint=endpoint).delete()


def remove(*, person: User, subscription_id: int) -> None:
    """Raises `NotFound`."""
    if not PushSubscription.objects.filter(user=person.pk, pk=subscription_id).delete()[0]:
        raise NotFound


def forget_people(user_ids: Collection[int]) -> None:
    PushSubscription.objects.filter(user__in=user_ids).delete()


def forget_sessions(copies: Collection[str]) -> None:
    """Browsers that are signed out; `copies` as in `subscribe`."""
    PushSubscription.objects.filter(session__in=[copy for copy in copies if copy]).delete()
