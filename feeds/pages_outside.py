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

_TAGS = re.compile(r"<(?:meta|link|title|body|script|style)\b", re.IGNORECASE)  # those that matter in a head
_LONGEST_TAG = 16_384
_MOST_PIECES = 10_000  # tags and texts; real heads have some hundred
_CHARSET_WITHIN = 4096  # where browsers look for it, and a little more
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w:.-]{2,30})""", re.IGNORECASE)
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Labels of real pages. Python has codecs besides that are slow, or no charsets at all, and remembers each wrong name.
_LABEL = re.compile(
    r"utf-?8|utf-?16(?:le|be)?|(?:us-)?ascii|windows-(?:125\d|874|31j)|cp(?:125\d|866|932|949)|iso-?8859-\d{1,2}"
    r"|latin-?\d|koi8-[ru]|macintosh|gbk?|gb2312|gb18030|big5(?:-hkscs)?|euc-?(?:jp|kr|cn)|shift[_-]jis|sjis"
    r"|iso-2022-jp|tis-620|ks_c_5601-1987"
)
# As browsers read them: the larger one where one charset grew out of another.
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# Turns of direction and invisible marks of it: a title must not rearrange what stands beside it.
_INVISIBLE = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")

_TITLES = ("og:title", "twitter:title", "title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_SITE_NAMES = ("og:site_name", "application-name")
_IMAGES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
_ROBOT = "socialnet-preview"
_ROBOTS = ("robots", _ROBOT)
_METAS = {*_TITLES, *_DESCRIPTIONS, *_SITE_NAMES, *_IMAGES, "og:url"} - {"title"}
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
    head = _head_of(_text_of(answer))
    facts, shown = head.facts, head.is_shown and not _forbids_snippets(answer.robots)
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
    if label is None or not _LABEL.fullmatch(label.lower()):
        return None
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    return _READ_AS.get(name, name)


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
        self.is_shown = True  # besides its title
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
        if end < 0:
            raise _Enough
        if end - i <= _LONGEST_TAG and _TAGS.match(self.rawdata, i):
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
                self._keep_meta(name.strip().lower(), values.get("content", ""))
        elif tag == "link" and "canonical" in values.get("rel", "").lower().split():
            self.facts.setdefault("canonical", values.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        self._count()
        if tag in ("title", "head"):
            self._end_title()
        if tag == "head":
            raise _Enough

    def handle_data(self, data: str) -> None:
        self._count()
        if self._title is not None:
            self._title.append(data)

    def handle_comment(self, data: str) -> None:
        self._count()

    def handle_decl(self, decl: str) -> None:
        self._count()

    def handle_pi(self, data: str) -> None:
        self._count()

    def unknown_decl(self, data: str) -> None:
        self._count()

    def _keep_meta(self, name: str, value: str) -> None:
        if name in _METAS:
            self.facts.setdefault(name, value)
        elif name in _ROBOTS and _forbids_snippets([value]):
            self.is_shown = False

    def _end_title(self) -> None:
        if self._title is not None:
            self.facts["title"] = "".join(self._title)
            self._title = None


def _head_of(text: str) -> _Head:
    head = _Head()
    # The parser gives up at broken declarations and at numbers of a thousand digits: what it had read counts.
    with suppress(_Enough, AssertionError, ValueError):
        head.feed(text)
    return head


def _forbids_snippets(rules: Iterable[str]) -> bool:
    """Whether all robots, or ours, are asked to show nothing of the page but its title."""
    said = (word for rule in rules for word in rule.lower().replace(" ", "").split(","))
    return any(word.removeprefix(f"{_ROBOT}:") in _NO_SNIPPET for word in said)


# --- Facts to what is shown ------------------------------------------------------------------------------


def _line(text: str, longest: int) -> str:
    """`text` in one line of at most `longest` characters, without anything invisible that works on its neighbours."""
    text = " ".join(text.split())[: longest * 4]
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
