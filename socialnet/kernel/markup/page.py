"""From tokens to what is shown: HTML for pages, one plain line for titles."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape

from markdown_it.token import Token

from socialnet.kernel.markup.reading import LONGEST, Read, read
from socialnet.kernel.markup.wall import REL, WALL
from socialnet.kernel.markup.words import host_of, pretends, shown
from socialnet.kernel.text import balanced, neutral

_CONTAINERS = {"blockquote": "blockquote", "bullet_list": "ul", "ordered_list": "ol", "list_item": "li"}
_MARKS = {
    "softbreak": "<br>",
    "hardbreak": "<br>",
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
}
_BLOCK_OR_BREAK = re.compile(r"</?(?:p|br|pre|blockquote|ul|ol|li)\b[^>]*>")
_ELEMENT = re.compile(r"</?[a-z][^>]*>")
_NOTHING = Read((), {}, {})


@dataclass(frozen=True, kw_only=True)
class Sites:
    """Where names and tags lead to. A name is a link when it is among `people` (lower-cased → as spelled)."""

    people: Mapping[str, str]
    person: Callable[[str], str]
    tag: Callable[[str], str]


def to_html(text: str, sites: Sites, *, brief: bool = False) -> str:
    """`text` as HTML; when `brief`, without quotes, lists and fenced code."""
    if len(text) > LONGEST:
        return "".join(_unread(text))
    return WALL.clean("".join(_Page(sites).blocks(read(text, brief=brief).tokens)))


def names_in(text: str, *, brief: bool = False) -> list[str]:
    """The names that `text` mentions, lower-cased, each once, at most `MENTIONS_MOST`."""
    return list(_read(text, brief=brief).names)


def tags_in(text: str) -> list[str]:
    """The tags of `text` as they are first written, without #, each normal form once, at most `TAGS_MOST`."""
    return list(_read(text).tags.values())


def first_link(text: str) -> str | None:
    """Where the first link in `text` leads."""
    return next((token.meta["url"] for token in _read(text).words if "url" in token.meta), None)


def links_in(text: str) -> list[str]:
    """Where the links in `text` lead, each once."""
    return list(dict.fromkeys(token.meta["url"] for token in _read(text).words if "url" in token.meta))


def plain(html: str) -> str:
    """What `to_html` gave, as one line without any mark: for titles, descriptions and mails."""
    spaced = _BLOCK_OR_BREAK.sub(" ", html)
    return " ".join(unescape(_ELEMENT.sub("", spaced)).split())


def plain_content(text: str, *, brief: bool = False) -> str:
    """As `plain`, of a text as it was written."""
    nowhere = Sites(people={}, person=str, tag=str)
    return plain(to_html(text, nowhere, brief=brief))


def _read(text: str, *, brief: bool = False) -> Read:
    return _NOTHING if len(text) > LONGEST else read(text, brief=brief)


def _unread(text: str) -> Iterator[str]:
    """Paragraphs and lines of a text too long to be read for marks, written as the wall writes them."""
    for block in re.split(r"\n\s*\n", neutral(text).strip()):
        lines = escape(block, quote=False).replace("\xa0", "&nbsp;").replace("\n", "<br>")
        yield f'<p dir="auto">{lines}</p>' if lines else ""


@dataclass(frozen=True)
class _Page:
    sites: Sites

    def blocks(self, tokens: Sequence[Token]) -> Iterator[str]:
        for place, token in enumerate(tokens):
            kind, _, side = token.type.rpartition("_")
            if token.type == "inline":
                yield from self.words(token.children or ())
            elif token.type == "fence":
                code = escape(balanced(token.content.rstrip("\n")), quote=False)
                yield f'<pre dir="auto"><code>{code}</code></pre>'
            elif kind == "paragraph":
                if not token.hidden:
                    yield '<p dir="auto">' if side == "open" else "</p>"
            elif side == "open":
                yield f'<{_CONTAINERS[kind]} dir="{_direction(tokens, place)}"{_number(token)}>'
            else:
                yield f"</{_CONTAINERS[kind]}>"

    def words(self, tokens: Sequence[Token]) -> Iterator[str]:
        for place, token in enumerate(tokens):
            match token.type:
                case "text":
                    yield escape(token.content, quote=False)
                case "code_inline":
                    yield f'<code dir="auto">{escape(balanced(token.content), quote=False)}</code>'
                case "mention":
                    yield self.mention(token)
                case "tag":
                    href = escape(self.sites.tag(token.meta["name"]))
                    yield f'<a class="tag" dir="auto" href="{href}">#{escape(token.content)}</a>'
                case "address":
                    yield f"{_outwards(token, 'ltr')}{escape(shown(token.content), quote=False)}</a>"
                case "link_open":
                    opened = place
                    yield _outwards(token, "auto")
                case "link_close":
                    yield f"{_warning(tokens[opened:place])}</a>"
                case kind:
                    yield _MARKS[kind]

    def mention(self, token: Token) -> str:
        username = self.sites.people.get(token.meta["name"])
        if username is None:
            return f"@{token.content}"
        href = escape(self.sites.person(username))
        return f'<a class="mention" dir="ltr" href="{href}">@{escape(username)}</a>'


def _outwards(token: Token, direction: str) -> str:
    return f'<a dir="{direction}" href="{escape(token.meta["url"])}" rel="{REL}" target="_blank">'


def _warning(link: Sequence[Token]) -> str:
    """The host, where the words of a link look like another one."""
    url = link[0].meta["url"]
    label = "".join(token.content or " " for token in link[1:])
    return f' <bdi dir="ltr">({escape(host_of(url))})</bdi>' if pretends(label, url) else ""


def _number(token: Token) -> str:
    """Ordered items keep the number that they were given."""
    return f' value="{int(token.info)}"' if token.type == "list_item_open" and token.info else ""


def _direction(tokens: Sequence[Token], place: int) -> str:
    """The direction of the first letter in a quote or list: "auto" does not look into blocks that say it themselves."""
    for token in tokens[place + 1 :]:
        if token.level <= tokens[place].level:
            break
        for letter in token.content if token.type in ("inline", "fence") else "":
            if (side := unicodedata.bidirectional(letter)) in ("L", "R", "AL"):
                return "ltr" if side == "L" else "rtl"
    return "auto"
