"""Emphasis, code, links, mentions and tags inside a line of text."""

import re
import unicodedata
from bisect import bisect_left
from operator import attrgetter
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from socialnet.kernel.markup.words import MENTION, TAG, Address, address_of, addresses_in, tag_name
from socialnet.kernel.text import balanced, is_blank

MENTIONS_MOST = 50
TAGS_MOST = 30
_DEEPEST = 4
_EMPHASIS_MOST = 300  # marks of emphasis in one paragraph
_start = attrgetter("start")
_LONGEST_RUN = 3  # of marks: emphasis and strong emphasis in one
_MARK = re.compile(r"[\n\\`*_\[@#]")
_ESCAPED = re.compile(r"(?P<shrug>(?<=¯)\\_)|\\(?P<mark>[`*_\[\]#@>+~-])")  # nobody's arm is lost: ¯\_(ツ)_/¯
_LINK = re.compile(
    r"(?<!!)\[(?P<label>(?>(?:\\[\[\]]|[^\[\]])+))\]"
    r"\([ \t]*(?P<address>(?>(?:[^\s()<>]|\([^\s()<>]*\))+))[ \t]*\)"
)
# Scripts that put no space between words, so that emphasis begins and ends inside of what looks like one word.
_UNSPACED = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]")


def install(markdown: MarkdownIt) -> None:
    """Teach `markdown`, which knows only text, everything that stands in a line."""
    rules = markdown.inline.ruler
    rules.at("text", _text)
    rules.enable(["newline", "backticks"])
    rules.push("escape_marks", _escape)
    rules.push("marks_of_emphasis", _emphasis)
    rules.push("labelled_link", _link)
    rules.push("address", _address)
    rules.push("mention", _mention)
    rules.push("tag", _tag)
    markdown.inline.ruler2.enable(["balance_pairs", "emphasis", "fragments_join"])
    markdown.inline.ruler2.after("emphasis", "flatten", _flatten)


def _text(state: StateInline, silent: bool) -> bool:
    """All up to the next mark or address."""
    mark = _MARK.search(state.src, state.pos, state.posMax)
    end = mark.start() if mark else state.posMax
    addresses = _addresses(state)
    following = bisect_left(addresses, state.pos, key=_start)
    if following < len(addresses):
        end = min(end, addresses[following].start)
    if end == state.pos:
        return False
    return _consume(state, state.src[state.pos : end], end)


def _escape(state: StateInline, silent: bool) -> bool:
    escaped = _ESCAPED.match(state.src, state.pos, state.posMax)
    if escaped is None:
        return False
    return _consume(state, escaped["mark"] or escaped["shrug"], escaped.end())


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Marks that might begin or end emphasis; `_flatten` and the pairing of markdown-it do the rest."""
    mark = state.src[state.pos]
    if mark not in "*_":
        return False
    end = state.pos
    while end < state.posMax and state.src[end] == mark:
        end += 1
    run = state.src[state.pos : end]
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[end] if end < state.posMax else " "
    opens = _touches(after, before) and not _is_letter(before, mark)
    closes = _touches(before, after) and not _is_letter(after, mark)
    is_emphasis = len(run) <= _LONGEST_RUN and len(state.delimiters) < _EMPHASIS_MOST
    if not is_emphasis or not (opens or closes):
        return _consume(state, run, end)
    for _ in run:
        state.push("text", "", 0).content = mark
        token = len(state.tokens) - 1
        state.delimiters.append(Delimiter(ord(mark), len(run), token, -1, opens, closes))
    state.pos = end
    return True


def _touches(inner: str, outer: str) -> bool:
    """Whether marks between `inner` and `outer` belong to `inner`: Markdown's rule, but for wide punctuation."""
    if inner.isspace():
        return False
    return not _is_punctuation(inner) or outer.isspace() or _is_punctuation(outer) or _is_unspaced(outer)


def _is_punctuation(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "PS" and not _is_unspaced(letter)


def _is_unspaced(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF" or bool(_UNSPACED.match(letter))


def _is_letter(letter: str, mark: str) -> bool:
    """Whether `mark` beside `letter` stands inside a word, as in f**k, 2*3*4 or snake_case, and is no emphasis."""
    is_letter = unicodedata.category(letter)[0] in "LNM"
    return is_letter and (mark == "_" or not _is_unspaced(letter))


def _link(state: StateInline, silent: bool) -> bool:
    """[label](address); its label holds no other link, mention or tag."""
    match = _LINK.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "[" else None
    if match is None or state.linkLevel or is_blank(match["label"]):
        return False
    url = address_of(match["address"])
    if url is None or balanced(match["label"]) != match["label"]:
        return False
    state.push("link_open", "a", 1).meta["url"] = url
    state.linkLevel += 1
    end, state.pos, state.posMax = state.posMax, match.start("label"), match.end("label")
    state.md.inline.tokenize(state)
    state.pos, state.posMax = match.end(), end
    state.linkLevel -= 1
    state.push("link_close", "a", -1)
    return True


def _address(state: StateInline, silent: bool) -> bool:
    if state.linkLevel:
        return False
    addresses = _addresses(state)
    here = bisect_left(addresses, state.pos, key=_start)
    if here == len(addresses) or addresses[here].start != state.pos:
        return False
    token = state.push("address", "a", 0)
    token.content, token.meta["url"] = addresses[here].text, addresses[here].url
    state.pos = addresses[here].end
    return True


def _addresses(state: StateInline) -> list[Address]:
    """The addresses in this text, found once."""
    known, addresses = state.env.get("addresses", ("", []))
    if known != state.src:
        addresses = list(addresses_in(state.src))
        state.env["addresses"] = (state.src, addresses)
    return cast(list[Address], addresses)


def _mention(state: StateInline, silent: bool) -> bool:
    match = MENTION.match(state.src, state.pos, state.posMax)
    if match is None or state.linkLevel:
        return False
    return _lead(state, "mention", match, match[1].lower(), MENTIONS_MOST)


def _tag(state: StateInline, silent: bool) -> bool:
    match = TAG.match(state.src, state.pos, state.posMax)
    if match is None or state.linkLevel or not (name := tag_name(match[1])):
        return False
    return _lead(state, "tag", match, name, TAGS_MOST)


def _lead(state: StateInline, kind: str, match: re.Match[str], name: str, most: int) -> bool:
    """Note the mention or tag `name`, unless there are too many already."""
    seen: dict[str, str] = state.env.setdefault(kind, {})
    if name not in seen and len(seen) >= most:
        return False
    seen.setdefault(name, match[1])
    token = state.push(kind, "a", 0)
    token.content, token.meta["name"] = match[1], name
    state.pos = match.end()
    return True


def _flatten(state: StateInline) -> None:
    """Show as typed the marks of emphasis that is nested deeper than makes sense."""
    opened: list[Token] = []
    for token in state.tokens:
        if token.type in ("em_open", "strong_open"):
            opened.append(token)
            if len(opened) > _DEEPEST:
                _show_as_typed(token)
        elif token.type in ("em_close", "strong_close"):
            if len(opened) > _DEEPEST:
                _show_as_typed(token)
            opened.pop()


def _show_as_typed(token: Token) -> None:
    token.type, token.nesting, token.content = "text", 0, token.markup


def _consume(state: StateInline, text: str, end: int) -> bool:
    state.append_pending(text)
    state.pos = end
    return True
