"""Letters: at once about what is told together, and digests of what nobody looked at.

Only to an address that its person confirmed, and to none that letters come back from.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from notifications.channels.base import Channel
from notifications.events import MailOwed
from notifications.models import ChannelDelivery, Notification, Settings
from notifications.registry import URGENT, Way
from socialnet.kernel import neighbours, realtime
from socialnet.outbox.actions import emit

BOUNCED = "bounced"  # in `Settings.mail_trouble`
WAITS = "waits"  # the outcome, so far, of what is owed but not yet handed to the outbox
LOOKING = timedelta(minutes=5)  # that people with an open page have to look at it there


def reachable() -> QuerySet[User]:
    """The people to whom letters may go."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
    troubled = Settings.objects.filter(user=OuterRef("pk")).exclude(mail_trouble="")
    return User.objects.standing().filter(Exists(confirmed), ~Exists(troubled))


def _reached(people: Collection[int]) -> set[int]:
    return set(reachable().filter(pk__in=people).values_list("pk", flat=True))


def _owe(person: User, notification_ids: Sequence[int]) -> None:
    """At once; but who has an open page may look there first, and what was looked at is not sent."""
    if realtime.online_among([person.pk]) and not _is_urgent(notification_ids):
        rows = ChannelDelivery.objects.filter(
            notification__in=notification_ids, way=Way.MAIL, state=ChannelDelivery.State.OWED
        )
        rows.update(outcome=WAITS, at=Now() + LOOKING)
        return
    emit(MailOwed(user_id=person.pk, notification_ids=list(notification_ids)))


def _is_urgent(notification_ids: Sequence[int]) -> bool:
    return Notification.objects.filter(pk__in=notification_ids, kind__in=URGENT).exists()


def _trouble(person: User, settings: Settings) -> str:
    if settings.mail_trouble == BOUNCED:
        return _("A letter to your address came back, so we send none there. Change it, or try again.")
    if not EmailAddress.objects.filter(user=person.pk, email=person.email, verified=True).exists():
        return _("Letters go only to a confirmed address. Please confirm yours.")
    if neighbours.is_away("mail"):
        return _("Our mail does not go out just now. Letters are kept, and are sent as soon as it does.")
    return ""


CHANNEL = Channel(way=Way.MAIL, label=gettext_lazy("By mail"), reached=_reached, owe=_owe, trouble=_trouble)
