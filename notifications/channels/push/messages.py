"""What a browser is sent: a few words in the person's language, what they lead to, and how much of a hurry it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from django.templatetags.static import static
from django.utils.translation import ngettext

from notifications import texts
from notifications.items import InboxItem

MOST_BYTES = 3000  # of all of it: services take 4096, locked
_TITLE_MAX, _LINES = 200, 5


@dataclass(frozen=True)
class Message:
    """`topic` names the telling: what is sent again under it takes the place of the first, on the way and on screen."""

    body: bytes
    topic: str
    urgency: str


def message_of(items: Sequence[InboxItem], *, topic: str) -> Message:
    """One message for all of `items`, sentences in the active language."""
    summary = texts.summary(items)
    body = {
        "title": _cut(summary.title, _TITLE_MAX),
        "body": "\n".join(_few(summary.lines)),
        "url": summary.url,
        "tag": topic,
        "icon": static("img/icon-180.png"),
    }
    hurry = any(item.registered.urgent or item.registered.loud for item in items)
    return Message(_fitting(body), topic, "high" if hurry else "normal")


def _few(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _LINES
    if more <= 0:
        return list(lines)
    return [*lines[:_LINES], ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more}]


def _fitting(body: dict[str, str]) -> bytes:
    """As JSON; where it is too large, fewer of the words below the title."""
    packed = orjson.dumps(body)
    while len(packed) > MOST_BYTES and body["body"]:
        body = body | {"body": _cut(body["body"], len(body["body"]) * 3 // 4)}
        packed = orjson.dumps(body)
    return packed


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…" if most > 1 else ""
