"""The words that lead somewhere: names of people, tags, addresses. What they look like, in every script."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from linkify_it import LinkifyIt

from socialnet.kernel.markup.wall import survives

TAG_MAX = 100
_LINK_TEXT_MOST = 60
# Between these are ideographs, private characters and what is not assigned; to look at all takes each process 0.2 s.
_MAY_BE_MARKS = (*range(0x20000), *range(0xE0000, 0xE1000))


def _marks() -> str:
    """The combining marks of every script, as the inside of a character class: vowels of Hindi, Thai, Hebrew …"""
    marks = (number for number in _MAY_BE_MARKS if unicodedata.category(chr(number))[0] == "M")
    runs = ([*run] for _key, run in groupby(enumerate(marks), key=lambda pair: pair[1] - pair[0]))
    return "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)


MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_]{3,30})(?![A-Za-z0-9_@])")
# A word, with the marks that stand on its letters and the joiners between them; not of digits alone.
MARKED = rf"[\w{_marks()}]"
_WORD = rf"{MARKED}*(?:[\u200c\u200d]{MARKED}+)*"
TAG = re.compile(rf"(?<![\w#&/])#(?=\w)({_WORD}[^\W\d_]{_WORD})")
_NO_PART_OF_A_TAG = re.compile(rf"(?!{MARKED}).", re.DOTALL)

_MAY_HOLD_AN_ADDRESS = re.compile(r"//|[^\s.]\.[^\s.]")
_NAMES_SOMEBODY = re.compile(r"[^/]*//[^/?#]*@")
_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_LOOKS_LIKE_AN_ADDRESS = re.compile(r"\w[.\u3002]\w|//|[@#]\w")
_linkify = LinkifyIt(options={"fuzzy_email": False, "fuzzy_ip": False})


@dataclass(frozen=True)
class Address:
    """An address somewhere in a text: where it begins and ends, and where it leads."""

    start: int
    end: int
    url: str
    text: str


def tag_name(text: str) -> str:
    """The one normal form of a tag in all its spellings, without #; empty when `text` is no tag."""
    display = text.removeprefix("#")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", display).casefold())
    name = _NO_PART_OF_A_TAG.sub("", folded)
    is_tag = len(display) <= TAG_MAX and len(name) <= TAG_MAX
    return name if is_tag and TAG.fullmatch(f"#{display}") and TAG.fullmatch(f"#{name}") else ""


def addresses_in(text: str) -> Iterator[Address]:
    """The web addresses in `text`, in their order; only words that may be one are looked at, as none holds a space."""
    if not _MAY_HOLD_AN_ADDRESS.search(text):
        return
    for word in re.finditer(r"\S+", text):
        if _MAY_HOLD_AN_ADDRESS.search(word[0]):
            yield from _addresses_in_word(word[0], word.start())


def _addresses_in_word(word: str, offset: int) -> Iterator[Address]:
    inside = word.lstrip("_")  # no address begins so, but emphasis does
    offset += len(word) - len(inside)
    for match in _linkify.match(inside) or []:
        marks = _marks_at_end(match, emphasis="*_" if inside != word else "*")
        url, text = (part[: len(part) - marks] for part in (match.url, match.text))
        if _is_address(match, url):
            yield Address(offset + match.index, offset + match.last_index - marks, url, text)


def _marks_at_end(match: Any, *, emphasis: str) -> int:
    return len(match.text) - len(match.text.rstrip(emphasis))


def _is_address(match: Any, url: str) -> bool:
    """Whether people would call it one: no other schema, no "name@" and no "\\" (browsers read /) that hide the host,
    no "manage.py", "end.It"."""
    if match.schema not in ("", "http:", "https:") or _NAMES_SOMEBODY.match(url) or "\\" in url:
        return False
    has_schema_or_path = match.schema or match.text.startswith("www.") or "/" in match.text
    return bool(has_schema_or_path or len(match.text.rpartition(".")[2]) > 2) and survives(url)


def address_of(text: str) -> str | None:
    """Where `text` leads, if it is an address and nothing else."""
    for found in addresses_in(text):
        return found.url if (found.start, found.end) == (0, len(text)) else None
    return None


def shown(address: str) -> str:
    """`address` to be read, not to be followed: without its scheme, and cut when it is long."""
    text = _SCHEME.sub("", address, count=1)
    return text if len(text) <= _LINK_TEXT_MOST else f"{text[: _LINK_TEXT_MOST - 1]}…"


def host_of(address: str) -> str:
    return re.split(r"[/?#]", _SCHEME.sub("", address, count=1), maxsplit=1)[0].lower()


def pretends(label: str, url: str) -> bool:
    """Whether `label` looks like an address, a name or a tag, and `url` leads to another host."""
    read = unicodedata.normalize("NFKC", label)
    read = "".join(letter for letter in read if unicodedata.category(letter) != "Cf").strip()
    return bool(_LOOKS_LIKE_AN_ADDRESS.search(read)) and host_of(read) != host_of(url)
