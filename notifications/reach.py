"""How a person is reached outside the inbox at present, as the page of preferences tells it."""

from dataclasses import dataclass

from django.utils.functional import Promise

from accounts.models import User
from notifications.channels import CHANNELS
from notifications.models import Settings
from notifications.registry import Way


@dataclass(frozen=True)
class Reach:
    """A way; `address` is masked and may be empty, `trouble` is a sentence or empty."""

    way: Way
    label: Promise
    address: str
    trouble: str


def of(person: User, settings: Settings) -> list[Reach]:
    return [
        Reach(
            channel.way,
            channel.label,
            masked(person.email) if channel.way is Way.MAIL else "",
            str(channel.trouble(person, settings)),
        )
        for channel in CHANNELS
    ]


def masked(email: str) -> str:
    """Enough of an address to know it by, for whoever looks over a shoulder: `a•••@example.com`."""
    name, at, host = email.partition("@")
    return f"{name[:1]}•••{at}{host}" if at else ""
