"""What letters carry so that they, and what comes back of them, can be told from what somebody made up."""

from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.mail import absolute
from accounts.models import User

_LETTER = "notifications.mail.letter"
_unsubscribe = Signer(sep=".", salt="notifications.mail.unsubscribe")
ALL, DIGEST = "all", "digest"


@dataclass(frozen=True)
class Switch:
    """What a link in a letter switches off: mail about some kinds, the digest (`DIGEST`), or all mail (`ALL`)."""

    user_id: int
    what: tuple[str, ...]

    @property
    def url(self) -> str:
        token = _unsubscribe.sign(f"{self.user_id}-{'-'.join(self.what)}")
        return absolute(reverse("mail_unsubscribe", args=[token]))


def read_switch(token: str) -> Switch | None:
    """What a link says; None unless it is ours. It never ends: old letters keep their promise."""
    try:
        user_id, *what = _unsubscribe.unsign(token).split("-")
        return Switch(int(user_id), tuple(what))
    except (BadSignature, ValueError):
        return None


def letter_id(person: User, event_id: int) -> str:
    """The `Message-ID` of the letter that an event owes: the same however often it is sent; nobody else can make it.

    Its signature is of the address, too: what comes back from an earlier address says nothing of the present one.
    """
    return f"<{person.pk}.{event_id}.{_signature(person, event_id)}@{_domain()}>"


def recipient_of(message_id: str) -> User | None:
    """Who got the letter with this `Message-ID`, if it is one of ours and went to the address that they still have."""
    local, _at, _rest = message_id.strip().strip("<>").partition("@")
    try:
        user_id, event_id, signature = local.split(".")
        person = User.objects.filter(pk=int(user_id)).first()
        known = person is not None and constant_time_compare(signature, _signature(person, int(event_id)))
    except (ValueError, OverflowError):
        return None
    return person if known else None


def _signature(person: User, event_id: int) -> str:
    said = f"{person.pk} {event_id} {person.email}"
    return salted_hmac(_LETTER, said, algorithm="sha256").hexdigest()[:32]


def _domain() -> str:
    """Of the address that letters come from, else of the site."""
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return address.rpartition("@")[2] or urlsplit(settings.PUBLIC_URL).hostname or "localhost"
