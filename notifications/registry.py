"""What people are told of, and how: one line per kind. Code reads this table, the help page shows it.

A kind has a *wait* from the first cause until it is told outside the inbox (the delay, or the window in which others
join it), a *largest batch* at which the window ends early, and a *cooldown* after a telling in which the same thing is
not told again: who joins it then is seen in the inbox only. The inbox itself has everything at once.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MINUTE, HOUR, DAY = 60, 3600, 86400
HOURLY_CAP = 50  # tellings in an hour, unless the person chose another number


class Way(StrEnum):
    """How a person is reached; each is a folder below `notifications.channels`."""

    INBOX = "inbox"
    SOCKET = "socket"
    MAIL = "mail"
    PUSH = "push"


WAY_LABELS: dict[str, Promise] = {
    Way.INBOX: _("Inbox"),
    Way.SOCKET: _("Open pages"),
    Way.MAIL: _("Mail"),
    Way.PUSH: _("Devices"),
}


class Group(StrEnum):
    """The tabs of the inbox."""

    TALK = "talk"
    LIKES = "likes"
    FOLLOWS = "follows"
    REQUESTS = "requests"
    OTHER = "other"


class Pace(StrEnum):
    """When a person wants to be told of a kind."""

    AT_ONCE = "at_once"
    MINUTES_5 = "5_minutes"
    MINUTES_10 = "10_minutes"
    HOURLY = "hourly"
    DAILY = "daily"
    OFF = "off"


PACE_LABELS: dict[str, Promise] = {
    Pace.AT_ONCE: _("at once"),
    Pace.MINUTES_5: _("every 5 minutes"),
    Pace.MINUTES_10: _("every 10 minutes"),
    Pace.HOURLY: _("once an hour"),
    Pace.DAILY: _("once a day"),
    Pace.OFF: _("never"),
}
# Seconds; once a day is not a number of seconds but a time of day (`clock.next_morning`).
PACE_SECONDS: dict[str, int] = {
    Pace.AT_ONCE: 0,
    Pace.MINUTES_5: 5 * MINUTE,
    Pace.MINUTES_10: 10 * MINUTE,
    Pace.HOURLY: HOUR,
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of news.

    `delay` and `cooldown` are seconds, `largest` is how many people are gathered before it is told early (0: each is
    told alone). `paces` are what people may choose, the default first. `ways` are on unless they are switched off.
    A `loud` kind may pass quiet hours if its person lets it; an `urgent` one passes everything, cannot be switched off
    in the inbox, and is told though it was read there: perhaps not by its person. `from_whom` says whether it makes
    sense to choose from whom.
    """

    name: str
    label: Promise
    group: Group
    paces: tuple[Pace, ...]
    delay: int = 0
    largest: int = 0
    cooldown: int = 0
    ways: frozenset[Way] = frozenset({Way.SOCKET, Way.PUSH})
    loud: bool = False
    urgent: bool = False
    from_whom: bool = True


_AT_ONCE_OR_DAILY = (Pace.AT_ONCE, Pace.DAILY, Pace.OFF)
_AT_ONCE_OR_HOURLY = (Pace.AT_ONCE, Pace.HOURLY, Pace.OFF)
_LIKES = (Pace.MINUTES_5, Pace.AT_ONCE, Pace.HOURLY, Pace.DAILY, Pace.OFF)
_SHARES = (Pace.MINUTES_10, Pace.AT_ONCE, Pace.HOURLY, Pace.DAILY, Pace.OFF)
_TALK_WAYS = frozenset({Way.SOCKET, Way.PUSH, Way.MAIL})

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="mention",
            label=_("Somebody mentions you"),
            group=Group.TALK,
            paces=_AT_ONCE_OR_HOURLY,
            ways=_TALK_WAYS,
            loud=True,
        ),
        Kind(
            name="reply",
            label=_("Somebody answers your comment"),
            group=Group.TALK,
            paces=_AT_ONCE_OR_HOURLY,
            ways=_TALK_WAYS,
            loud=True,
        ),
        Kind(
            name="comment",
            label=_("Somebody comments on your post"),
            group=Group.TALK,
            paces=_AT_ONCE_OR_HOURLY,
        ),
        Kind(
            name="quote",
            label=_("Somebody quotes your post"),
            group=Group.TALK,
            paces=_AT_ONCE_OR_HOURLY,
        ),
        Kind(
            name="like",
            label=_("Somebody likes your post"),
            group=Group.LIKES,
            paces=_LIKES,
            delay=30,
            largest=50,
            cooldown=HOUR,
        ),
        Kind(
            name="comment_like",
            label=_("Somebody likes your comment"),
            group=Group.LIKES,
            paces=_LIKES,
            delay=30,
            largest=50,
            cooldown=HOUR,
        ),
        Kind(
            name="share",
            label=_("Somebody shares your post"),
            group=Group.LIKES,
            paces=_SHARES,
            delay=60,
            largest=20,
            cooldown=2 * HOUR,
        ),
        Kind(
            name="follow",
            label=_("Somebody follows you"),
            group=Group.FOLLOWS,
            paces=_AT_ONCE_OR_DAILY,
            cooldown=DAY,
            from_whom=False,
        ),
        Kind(
            name="follow_request",
            label=_("Somebody asks to follow you"),
            group=Group.REQUESTS,
            paces=_AT_ONCE_OR_DAILY,
            cooldown=DAY,
            from_whom=False,
        ),
        Kind(
            name="request_accepted",
            label=_("Somebody lets you follow them"),
            group=Group.FOLLOWS,
            paces=_AT_ONCE_OR_DAILY,
            cooldown=DAY,
            from_whom=False,
        ),
        Kind(
            name="group_invitation",
            label=_("Somebody invites you to a group"),
            group=Group.REQUESTS,
            paces=_AT_ONCE_OR_DAILY,
            cooldown=DAY,
        ),
        Kind(
            name="group_request",
            label=_("Somebody asks to join a group of yours"),
            group=Group.REQUESTS,
            paces=_AT_ONCE_OR_DAILY,
            cooldown=DAY,
            from_whom=False,
        ),
        Kind(
            name="group_accepted",
            label=_("You are let into a group"),
            group=Group.REQUESTS,
            paces=_AT_ONCE_OR_DAILY,
            cooldown=DAY,
            from_whom=False,
        ),
        Kind(
            name="new_post",
            label=_("Somebody whose bell you rang posts"),
            group=Group.OTHER,
            paces=(Pace.MINUTES_10, Pace.AT_ONCE, Pace.HOURLY, Pace.DAILY, Pace.OFF),
            from_whom=False,
        ),
        Kind(
            name="group_post",
            label=_("Somebody posts in a group whose every post you chose to hear of"),
            group=Group.OTHER,
            paces=(Pace.MINUTES_10, Pace.AT_ONCE, Pace.HOURLY, Pace.DAILY, Pace.OFF),
        ),
        Kind(
            name="post_published",
            label=_("A post that you scheduled is out"),
            group=Group.OTHER,
            paces=(Pace.AT_ONCE, Pace.OFF),
            from_whom=False,
        ),
        Kind(
            name="post_failed",
            label=_("A post that you scheduled could not be published"),
            group=Group.OTHER,
            paces=(Pace.AT_ONCE, Pace.OFF),
            ways=_TALK_WAYS,
            from_whom=False,
        ),
        Kind(
            name="security",
            label=_("Your account: a new sign-in, a new password or address"),
            group=Group.OTHER,
            paces=(Pace.AT_ONCE,),
            ways=frozenset({Way.SOCKET, Way.PUSH, Way.MAIL}),
            urgent=True,
            from_whom=False,
        ),
        Kind(
            name="group_report",
            label=_("Something is reported in a group that you moderate"),
            group=Group.REQUESTS,
            paces=_AT_ONCE_OR_DAILY,
            ways=_TALK_WAYS,
            from_whom=False,
        ),
        Kind(
            name="report_outcome",
            label=_("What became of something you reported"),
            group=Group.OTHER,
            paces=(Pace.AT_ONCE, Pace.DAILY, Pace.OFF),
            from_whom=False,
        ),
        Kind(
            name="sanction",
            label=_("Your account: what moderators decided"),
            group=Group.OTHER,
            paces=(Pace.AT_ONCE,),
            ways=_TALK_WAYS,
            urgent=True,
            from_whom=False,
        ),
        Kind(
            name="system",
            label=_("News from the people who run this place"),
            group=Group.OTHER,
            paces=(Pace.AT_ONCE, Pace.DAILY, Pace.OFF),
            from_whom=False,
        ),
    )
}
URGENT = frozenset(kind.name for kind in KINDS.values() if kind.urgent)
