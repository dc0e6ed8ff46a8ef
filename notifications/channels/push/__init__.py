"""Web Push: a message to each browser of a person that asked for it, through the push service of its maker.

What is in it is locked for that browser (RFC 8291); that it comes from here is signed (RFC 8292). Without a key of our
own (`VAPID_PRIVATE_KEY`) the channel is off.
"""

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from notifications.channels.base import Channel
from notifications.channels.push import selectors
from notifications.channels.push.keys import is_on
from notifications.events import PushOwed
from notifications.models import Settings
from notifications.registry import Way
from socialnet.outbox.actions import emit


def _reached(people: Collection[int]) -> set[int]:
    return selectors.with_browsers(people) if is_on() else set()


def _owe(person: User, notification_ids: Sequence[int]) -> None:
    emit(PushOwed(user_id=person.pk, notification_ids=list(notification_ids)))


def _trouble(person: User, _settings: Settings) -> str:
    if is_on() and selectors.is_silent(person):
        return _("Your browsers do not take our messages at present. You get letters in their place.")
    return ""


CHANNEL = Channel(
    way=Way.PUSH, label=gettext_lazy("On your devices"), reached=_reached, owe=_owe, trouble=_trouble
)
