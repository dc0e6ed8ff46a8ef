"""Open pages: a word in a corner, and the number beside the bell.

At most once, as all that goes through Redis: a page that missed it has the number from its next snapshot.
"""

from collections.abc import Collection, Sequence
from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications import live
from notifications.channels.base import Channel
from notifications.models import ChannelDelivery
from notifications.registry import Way
from socialnet.kernel import realtime


def _reached(people: Collection[int]) -> set[int]:
    return set(realtime.online_among(people))


def _owe(person: User, notification_ids: Sequence[int]) -> None:
    rows = ChannelDelivery.objects.filter(notification__in=notification_ids, way=Way.SOCKET)
    rows.update(state=ChannelDelivery.State.SENT, outcome="published")
    transaction.on_commit(partial(live.announce, person, list(notification_ids)))


CHANNEL = Channel(way=Way.SOCKET, label=_("On open pages"), reached=_reached, owe=_owe)
