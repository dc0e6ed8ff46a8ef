"""What an edit changed: the words that went and the words that came, in any script.

The longest common sequence of words is found with one bit per word (Hyyrö 2004): its cost depends on the lengths of
the texts alone, not on what they say, so that nobody can write two texts that are expensive to compare.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from socialnet.kernel.text import balanced

SAME, ADDED, REMOVED = "same", "added", "removed"
WORDS_MOST = 4_000  # per text; what has more is said to be replaced as a whole
# Thai to Myanmar, Khmer, and from the radicals on what is written in squares: no spaces between words.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u31bf\u31f0-\u9fff\ua000-\ua4cf"
    r"\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of text, and what became of it: same, added or removed."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    """What a post said from `written_at` on; the changes are those against the version before."""

    content: str
    content_warning: str
    written_at: datetime
    changes: Sequence[Change]
    warning_changes: Sequence[Change]

    @property
    def html(self) -> SafeString:
        return as_html(self.changes)

    @property
    def warning_html(self) -> SafeString:
        return as_html(self.warning_changes)


def changes_between(old: str, new: str) -> list[Change]:
    """The pieces in order: same and removed ones make `old`, same and added ones `new`."""
    return _joined(_edges_apart(words_of(old), words_of(new)))


# --- words ----------------------------------------------------------------------------------------------------


def words_of(text: str) -> list[str]:
    """`text` cut into words, runs of white space, and single signs; never inside of what is drawn as one sign."""
    words: list[str] = []
    before = ""
    for letter in text:
        kind = _kind(letter)
        last = words[-1] if words else ""
        if words and (kind == before in ("word", "space") or _clings(letter, kind, last)):
            words[-1] += letter
        else:
            words.append(letter)
            before = kind
    return words


def _clings(letter: str, kind: str, last: str) -> bool:
    """Whether `letter` is drawn into the sign that ends `last`; flags are two letters, no more."""
    if kind == "mark" or (last[-1] in _JOINERS and kind != "space"):
        return not last.isspace()
    return kind == "flag" and len(last) == 1 and _kind(last) == "flag"


@lru_cache(8192)
def _kind(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter.isspace():
        return "space"
    if category[0] == "M" or category == "Cf" or "\U0001f3fb" <= letter <= "\U0001f3ff":
        return "mark"
    if "\U0001f1e6" <= letter <= "\U0001f1ff":
        return "flag"
    if category[0] in "LN" or letter in "_'’":
        return "sign" if _UNSPACED.match(letter) else "word"
    return "sign"


# --- the longest common sequence ------------------------------------------------------------------------------


def _edges_apart(old: list[str], new: list[str]) -> Iterator[Change]:
    """What both begin and end with is the same; only what lies between is compared."""
    head, most = 0, min(len(old), len(new))
    while head < most and old[head] == new[head]:
        head += 1
    tail, most = 0, most - head
    while tail < most and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    yield from (Change(SAME, word) for word in old[:head])
    yield from _compared(old[head : len(old) - tail], new[head : len(new) - tail])
    yield from (Change(SAME, word) for word in old[len(old) - tail :])


def _compared(old: list[str], new: list[str]) -> Iterator[Change]:
    if not old or not new or max(len(old), len(new)) > WORDS_MOST:
        yield from (Change(REMOVED, word) for word in old)
        yield from (Change(ADDED, word) for word in new)
        return
    rows = _rows(old, new)
    backwards: list[Change] = []
    column, row = len(old), len(new)
    while column and row:
        bit = 1 << (column - 1)
        if rows[row] & bit:
            column -= 1
            backwards.append(Change(REMOVED, old[column]))
        elif not rows[row - 1] & bit:
            row -= 1
            backwards.append(Change(ADDED, new[row]))
        else:
            column, row = column - 1, row - 1
            backwards.append(Change(SAME, old[column]))
    yield from (Change(REMOVED, word) for word in old[:column])
    yield from (Change(ADDED, word) for word in new[:row])
    yield from reversed(backwards)


def _rows(old: list[str], new: list[str]) -> list[int]:
    """Row n is about the first n words of `new`: bit i is 0 where word i of `old` makes the common sequence longer."""
    places: dict[str, int] = {}
    for place, word in enumerate(old):
        places[word] = places.get(word, 0) | 1 << place
    everywhere = (1 << len(old)) - 1
    row = everywhere
    rows = [row]
    for word in new:
        matches = row & places.get(word, 0)
        row = ((row + matches) | (row - matches)) & everywhere
        rows.append(row)
    return rows


# --- pieces that read well ------------------------------------------------------------------------------------


def _joined(words: Iterator[Change]) -> list[Change]:
    """Words of one kind together, what went before what came; a space between two changes goes with them."""
    pieces: list[Change] = []
    removed: list[str] = []
    added: list[str] = []
    space = ""  # the same in both, after a change

    def close() -> None:
        nonlocal space
        for kind, texts in ((REMOVED, removed), (ADDED, added), (SAME, [space])):
            if text := "".join(texts):
                _append(pieces, Change(kind, text))
            texts.clear()
        space = ""

    for word in words:
        if word.kind == SAME and not (word.text.isspace() and not space and (removed or added)):
            close()
            _append(pieces, word)
        elif word.kind == SAME:
            space = word.text
        else:
            if space:
                removed.append(space)
                added.append(space)
                space = ""
            (removed if word.kind == REMOVED else added).append(word.text)
    close()
    return pieces


def _append(pieces: list[Change], piece: Change) -> None:
    if pieces and pieces[-1].kind == piece.kind:
        pieces[-1] = Change(piece.kind, pieces[-1].text + piece.text)
    else:
        pieces.append(piece)


def as_html(changes: Sequence[Change]) -> SafeString:
    """The pieces as <ins> and <del>, each announced in words that only assistive technology reads."""
    around = {
        ADDED: _around("ins", _("added:"), _("end of what was added")),
        REMOVED: _around("del", _("removed:"), _("end of what was removed")),
    }
    pieces = []
    for change in changes:
        opening, closing = around.get(change.kind, ("", ""))
        lines = [escape(line) for line in balanced(change.text).split("\n")]
        pieces.append(opening + (_BREAK if opening else "<br>").join(lines) + closing)
    return mark_safe("".join(pieces))


# A line break that came or went can be seen where nothing else would tell of it.
_BREAK = '<span aria-hidden="true">↵</span><br>'


def _around(tag: str, opening: str, closing: str) -> tuple[str, str]:
    return (
        f'<{tag}><span class="vh">[{escape(opening)} </span>',
        f'<span class="vh"> {escape(closing)}]</span></{tag}>',
    )
