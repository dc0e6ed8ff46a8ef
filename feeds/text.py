"""Rendering what people wrote: links, @mentions and #tags become HTML, everything else is escaped."""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Any

from django.urls import reverse
from linkify_it import LinkifyIt

from accounts.models import User


def _marks() -> str:
    """The combining marks of every script, as the inside of a character class: vowels of Hindi, Thai, Hebrew …"""
    marks = (number for number in range(sys.maxunicode + 1) if unicodedata.category(chr(number))[0] == "M")
    runs = ([*run] for _key, run in groupby(enumerate(marks), key=lambda pair: pair[1] - pair[0]))
    return "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)


MENTIONS_MOST = 50
_MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_]{3,30})(?![A-Za-z0-9_@])")
# A word, with the marks that stand on its letters and the joiners between them; not of digits alone.
_WORD = rf"(?:[\w{_marks()}]|[\u200c\u200d](?=\w))*"
_TAG = re.compile(rf"(?<![\w#&/])#(?=\w)({_WORD}[^\W\d_]{_WORD})")
_LINK_TEXT_MOST = 60
_NAMES_SOMEBODY = re.compile(r"[^/]*//[^/?#]*@")
_linkify = LinkifyIt(options={"fuzzy_email": False, "fuzzy_ip": False})


def mentioned_names(content: str) -> list[str]:
    """The usernames that `content` mentions, lower-cased, each once, at most `MENTIONS_MOST`."""
    names = dict.fromkeys(match[1].lower() for match in _MENTION.finditer(content))
    return list(names)[:MENTIONS_MOST]


def people_named(names: Iterable[str]) -> dict[str, str]:
    """Of `names` (lower-cased), those that exist, with their own spelling."""
    wanted = list(names)
    if not wanted:
        return {}
    usernames = User.objects.named_any(wanted).filter(is_active=True).values_list("username", flat=True)
    return {username.lower(): username for username in usernames}


def render(content: str, *, known_names: dict[str, str]) -> str:
    """`content` as HTML; a mention is a link when its name is in `known_names` (lower-cased → as spelled)."""
    return "".join(_pieces(content, known_names))


def _pieces(content: str, known_names: dict[str, str]) -> Iterator[str]:
    end = 0
    for match in _linkify.match(content) or []:
        if not _is_link(match):
            continue
        yield _marked(content[end : match.index], known_names)
        yield _link(match.url, match.text)
        end = match.last_index
    yield _marked(content[end:], known_names)


def _is_link(match: Any) -> bool:
    """Whether people would call it one: no other schema, no "name@" that hides the host, no "manage.py", "end.It"."""
    if match.schema not in ("", "http:", "https:") or _NAMES_SOMEBODY.match(match.url):
        return False
    has_schema_or_path = match.schema or match.text.startswith("www.") or "/" in match.text
    return bool(has_schema_or_path or len(match.text.rpartition(".")[2]) > 2)


def _link(url: str, text: str) -> str:
    shown = re.sub(r"^https?://(www\.)?", "", text)
    if len(shown) > _LINK_TEXT_MOST:
        shown = shown[: _LINK_TEXT_MOST - 1] + "…"
    return f'<a href="{escape(url)}" rel="nofollow noopener ugc" target="_blank">{escape(shown)}</a>'


def _marked(text: str, known_names: dict[str, str]) -> str:
    def mention(match: re.Match[str]) -> str:
        username = known_names.get(match[1].lower())
        if username is None:
            return match[0]
        return f'<a class="mention" href="{reverse("profile", args=[username])}">@{username}</a>'

    tagged = _TAG.sub(r'<span class="tag">#\1</span>', escape(text))
    return _MENTION.sub(mention, tagged)


def tag_name(text: str) -> str:
    """A tag as it is compared: one form for all its spellings."""
    return unicodedata.normalize("NFKC", text).casefold()


def tags_in(content: str) -> list[str]:
    """The tags of `content` as they are written, each once."""
    return list({tag_name(match[1]): match[1] for match in _TAG.finditer(content)}.values())[:30]
