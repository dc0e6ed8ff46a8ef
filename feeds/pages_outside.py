"""What a page elsewhere says about itself: the few words and the picture of a link's preview."""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from socialnet.kernel.outside import Answer, OutsideRefused, checked_url
from socialnet.kernel.text import UnusableText, clean, is_blank

PAGE_TYPES = ("text/html", "application/xhtml+xml")
PAGE_BYTES = 262_144  # heads end before; what comes later is not looked at
LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_SITE_NAME = 200, 400, 100

_LONGEST_TAG = 16_384
_MOST_PIECES = 10_000  # tags and texts; real heads have some hundred
_CHARSET_WITHIN = 4096  # where browsers look for it, and a little more
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w:.-]{2,30})""", re.IGNORECASE)
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# By their names in Python, and read as browsers read them; anything else is guessed.
_CHARSETS = {
    name: name
    for name in (
        "utf-8 cp866 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874 iso8859-2 iso8859-3 "
        "iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 "
        "koi8-r koi8-u mac-roman gb18030 euc_jp shift_jis iso2022_jp euc_kr utf-16-le utf-16-be"
    ).split()  # noqa: SIM905
} | {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cp949": "cp949",
    "cp932": "cp932",
    "utf-16": "utf-16-le",
}
# Turns of direction and invisible marks of it: a title must not rearrange what stands beside it.
_INVISIBLE = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")

_TITLES = ("og:title", "twitter:title", "title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_SITE_NAMES = ("og:site_name", "application-name")
_IMAGES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
_ROBOTS = ("robots", "socialnet-preview")
_READ = {*_TITLES, *_DESCRIPTIONS, *_SITE_NAMES, *_IMAGES, *_ROBOTS, "og:url"} - {"title"}
_NO_SNIPPET = {"nosnippet", "max-snippet:0"}


@dataclass(frozen=True, kw_only=True)
class PagePreview:
    """Plain text in one line each, empty where the page says nothing. Pages may call themselves anything."""

    title: str
    description: str
    site_name: str
    image_url: str  # one that may be asked for; nobody has looked yet whether it is a picture
    canonical_url: str  # on the host that answered, always

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to show."""
        return not self.title


def preview_of(answer: Answer) -> PagePreview:
    """What the head of the page says; never raises, and takes well under 100 ms for whatever was sent."""
    facts = _facts_of(_text_of(answer))
    shown = not _forbids_snippets([*answer.robots, *(facts.get(name, "") for name in _ROBOTS)])
    return PagePreview(
        title=_line(_first(facts, _TITLES), LONGEST_TITLE),
        description=_line(_first(facts, _DESCRIPTIONS), LONGEST_DESCRIPTION) if shown else "",
        site_name=_line(_first(facts, _SITE_NAMES), LONGEST_SITE_NAME),
        image_url=_address(_first(facts, _IMAGES), base=answer.url) if shown else "",
        canonical_url=_canonical(facts, answer.url),
    )


def _first(facts: dict[str, str], names: Iterable[str]) -> str:
    return next((facts[name] for name in names if not is_blank(facts.get(name, ""))), "")


# --- Bytes to text ---------------------------------------------------------------------------------------


def _text_of(answer: Answer) -> str:
    """The beginning of the page: by its byte order mark, else its header, else its meta tag, else a guess."""
    body = answer.body[:PAGE_BYTES]
    for mark, charset in _MARKS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, errors="replace")
    charset = _known_charset(answer.charset) or _declared_charset(body) or _guessed_charset(body)
    return body.decode(charset, errors="replace")


def _known_charset(label: str | None) -> str | None:
    """The codec for `label` if browsers have it too: Python also has codecs that are slow, or no charsets at all."""
    try:
        return _CHARSETS.get(codecs.lookup(label or "").name)
    except (LookupError, ValueError):
        return None


def _declared_charset(body: bytes) -> str | None:
    found = _META_CHARSET.search(body[:_CHARSET_WITHIN])
    charset = _known_charset(found[1].decode("latin-1")) if found else None
    return "utf-8" if charset and charset.startswith("utf-16") else charset  # in UTF-16 it could not be read


def _guessed_charset(body: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)  # the last character may be cut
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


# --- Text to facts ---------------------------------------------------------------------------------------


class _Enough(Exception):
    """The head is over, or has taken too long."""


class _Head(HTMLParser):
    """Collects the first of each fact in `facts`, until the head ends.

    Never closed: what is unfinished at the end is left, because going back over it costs time without end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, str] = {}
        self._title: list[str] | None = None
        self._pieces = 0

    def _count(self) -> None:
        self._pieces += 1
        if self._pieces > _MOST_PIECES:
            raise _Enough

    def parse_starttag(self, i: int) -> int:
        """The parser's own reading, for tags that matter and have an end in sight; else only a look for that."""
        self._count()
        end = self.rawdata.find(">", i)
        name = re.compile(r"<(meta|link|title|body|script|style|noscript)\b", re.IGNORECASE).match(
            self.rawdata, i
        )
        if end < 0:
            raise _Enough
        if name and end - i <= _LONGEST_TAG:
            return super().parse_starttag(i)
        return end + 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_title()
        values = {name: value or "" for name, value in reversed(attrs)}
        if tag == "body":
            raise _Enough
        if tag == "title" and "title" not in self.facts:
            self._title = []
        elif tag == "meta":
            for name in (values.get("property", ""), values.get("name", "")):
                self._keep(name.strip().lower(), values.get("content", ""))
        elif tag == "link" and "canonical" in values.get("rel", "").lower().split():
            self._keep("canonical", values.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        self._count()
        self._end_title()
        if tag == "head":
            raise _Enough

    def handle_data(self, data: str) -> None:
        self._count()
        if self._title is not None:
            self._title.append(data)

    def _keep(self, name: str, value: str) -> None:
        if name in _READ or name == "canonical":
            self.facts.setdefault(name, value)

    def _end_title(self) -> None:
        if self._title is not None:
            self.facts["title"] = "".join(self._title)
            self._title = None


def _facts_of(text: str) -> dict[str, str]:
    head = _Head()
    # The parser gives up at broken declarations and at numbers of a thousand digits: what it had read counts.
    with suppress(_Enough, AssertionError, ValueError):
        head.feed(text)
    return head.facts


def _forbids_snippets(rules: Iterable[str]) -> bool:
    """Whether robots, all of them, are asked to show nothing of the page but its title."""
    said = {word.strip() for rule in rules for word in rule.lower().replace(" ", "").split(",")}
    return not _NO_SNIPPET.isdisjoint(said)


# --- Facts to what is shown ------------------------------------------------------------------------------


def _line(text: str, longest: int) -> str:
    """`text` in one line of at most `longest` characters, without anything invisible that works on its neighbours."""
    text = " ".join(text[: longest * 20].split())
    kept = _INVISIBLE.sub("", "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs")))
    try:
        cleaned = clean(kept)
    except UnusableText:
        return ""
    if is_blank(cleaned):
        return ""
    return cleaned if len(cleaned) <= longest else f"{cleaned[: longest - 1].rstrip()}…"


def _address(text: str, *, base: str) -> str:
    """`text` as an address that may be asked for, or nothing."""
    with suppress(OutsideRefused, ValueError):
        if text := text.strip():
            return checked_url(urljoin(base, text.replace(" ", "%20")))
    return ""


def _canonical(facts: dict[str, str], url: str) -> str:
    """The page's own name for itself, where it lies on the same host: nobody speaks for another."""
    for name in ("canonical", "og:url"):
        address = _address(facts.get(name, ""), base=url)
        if address and urlsplit(address).hostname == urlsplit(url).hostname:
            return address
    return url
