"""What letters say, in the language of who gets them: as text, and as a page for programs that show one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.mail import absolute
from accounts.models import User
from notifications import items, texts
from notifications.channels.mail import tokens
from notifications.channels.mail.tokens import ALL, DIGEST, Switch
from notifications.items import InboxItem
from notifications.models import Notification
from notifications.registry import KINDS, Group

LINES = 20  # of one letter, at most
_BLANK = re.compile(r"\n{3,}")
# In this order; what people say to each other comes first.
TABS: dict[Group, Promise] = {
    Group.TALK: gettext_lazy("Conversations"),
    Group.REQUESTS: gettext_lazy("Requests"),
    Group.FOLLOWS: gettext_lazy("People"),
    Group.LIKES: gettext_lazy("Likes and shares"),
    Group.OTHER: gettext_lazy("And more"),
}


@dataclass(frozen=True)
class Line:
    """One piece of news; `url` is a full address."""

    text: str
    excerpt: str
    url: str


@dataclass(frozen=True)
class Part:
    """What stands below one heading of a digest."""

    title: Promise
    lines: Sequence[Line]


def about(person: User, notification_ids: Sequence[int], *, event_id: int) -> EmailMultiAlternatives | None:
    """One letter about what was told together; None when nothing of it stands any more."""
    with translation.override(person.language):
        told = items.items_of(notification_ids, viewer=person)
        if not told:
            return None
        summary = texts.summary(told)
        kinds = tuple(dict.fromkeys(item.kind for item in told if not item.registered.urgent))
        return _letter(
            "news",
            person,
            summary.title,
            event_id,
            switch=Switch(person.pk, kinds) if kinds else None,
            switch_text=_switch_text(kinds),
            lines=[_line(item) for item in told[:LINES]],
            more=max(0, len(told) - LINES),
            url=absolute(summary.url),
            help_url=_help_url(told),
        )


def _help_url(told: Sequence[InboxItem]) -> str:
    """Where whoever did not do it themselves takes the account back; empty where there is nothing to fear."""
    is_urgent = any(item.registered.urgent for item in told)
    return absolute(reverse("account_reset_password")) if is_urgent else ""


def digest(person: User, notification_ids: Sequence[int], *, event_id: int) -> EmailMultiAlternatives | None:
    """What nobody looked at, grouped as the inbox is; None when nothing of it stands any more.

    The first `LINES` that are `by_weight`; of the others their number.
    """
    with translation.override(person.language):
        told = items.items_of(by_weight(notification_ids)[:LINES], viewer=person)
        if not told:
            return None
        many, more = len(notification_ids), max(0, len(notification_ids) - LINES)
        return _letter(
            "digest",
            person,
            ngettext("%(count)s new notification", "%(count)s new notifications", many) % {"count": many},
            event_id,
            switch=Switch(person.pk, (DIGEST,)),
            switch_text=_("Send me no more summaries"),
            parts=_parts(told),
            more=more,
            url=absolute(reverse("notifications")),
        )


def by_weight(notification_ids: Sequence[int]) -> list[int]:
    """In the order of `TABS`, in each what came last first."""
    rows = Notification.objects.filter(pk__in=notification_ids).only("kind", "place")
    order = list(TABS)
    return [row.pk for row in sorted(rows, key=lambda row: (order.index(row.registered.group), -row.place))]


def _parts(told: Sequence[InboxItem]) -> list[Part]:
    found = [
        Part(title, [_line(item) for item in told if item.registered.group is group])
        for group, title in TABS.items()
    ]
    return [part for part in found if part.lines]


def _line(item: InboxItem) -> Line:
    return Line(item.text, item.excerpt, absolute(item.url))


def _switch_text(kinds: Sequence[str]) -> str:
    if len(kinds) == 1:
        return _("No more letters of this kind: %(kind)s") % {"kind": KINDS[kinds[0]].label}
    return _("No more letters of these kinds")


def _letter(
    name: str,
    person: User,
    title: str,
    event_id: int,
    *,
    switch: Switch | None,
    switch_text: str,
    **facts: Any,
) -> EmailMultiAlternatives:
    facts |= {
        "person": person,
        "title": title,
        "site": settings.PUBLIC_URL,
        "language": translation.get_language(),
        "rtl": translation.get_language_bidi(),
        "switch_url": switch.url if switch else "",
        "switch_text": switch_text,
        "all_url": Switch(person.pk, (ALL,)).url if switch else "",
    }
    letter = EmailMultiAlternatives(
        subject=" ".join(title.split()),
        body=_BLANK.sub("\n\n", render_to_string(f"notifications/mail/{name}.txt", facts).strip()) + "\n",
        from_email=settings.BOUNCE_ADDRESS or settings.DEFAULT_FROM_EMAIL,
        to=[person.email],
        headers=_headers(person, event_id, switch),
    )
    letter.attach_alternative(render_to_string(f"notifications/mail/{name}.html", facts), "text/html")
    return letter


def _headers(person: User, event_id: int, switch: Switch | None) -> dict[str, str]:
    headers = {
        "From": settings.DEFAULT_FROM_EMAIL,
        "Message-ID": tokens.letter_id(person, event_id),
        "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's holiday answers it
    }
    if switch is not None:
        headers["List-Unsubscribe"] = f"<{switch.url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
