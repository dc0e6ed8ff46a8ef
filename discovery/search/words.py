"""Texts as the words by which they are found, in every script; what is stored and what is asked for go the same way.

A word is kept as it is written, case folded, and without its accents beside that. Scripts that write without spaces
(Chinese, Japanese, Thai …), and Korean, whose particles stick to its words, become pairs of letters.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from socialnet.kernel.markup.words import MARKED

WORD_MOST = 60  # letters; what is longer is nothing that anybody types
_PLACES_MOST = 16_000  # PostgreSQL counts no further
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(f"{MARKED}+")
_RUNS = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
_WITHOUT_ACCENT = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text. `forms` are what it is kept under; of a run of letters without spaces there are several
    `pairs` in its place, and no forms."""

    forms: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        """As it was written, case folded; of letters without spaces, all of them."""
        if self.forms:
            return self.forms[0]
        return self.pairs[0] + "".join(pair[-1] for pair in self.pairs[1:])


def folded(text: str) -> str:
    """One form of all spellings that differ in case and width."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def plain(word: str) -> str:
    """`word`, folded, without its accents; vowel signs of Indian scripts are letters and stay."""
    apart = unicodedata.normalize("NFKD", word).translate(_WITHOUT_ACCENT)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def words_in(text: str) -> Iterator[Word]:
    """The words of `text` in their order."""
    for match in _WORD.finditer(folded(text)):
        for run in _RUNS.findall(match[0]):
            if _UNSPACED_RUN.match(run):
                yield Word(pairs=tuple(one + other for one, other in pairwise(run)) or (run,))
            else:
                yield from _spaced(run)


def _spaced(run: str) -> Iterator[Word]:
    """A word as a whole, and where underscores join several, these too."""
    whole = run.strip("_")
    if not whole or len(whole) > WORD_MOST:
        return
    parts = [part for part in whole.split("_") if part]
    if len(parts) > 1:
        yield Word(forms=(whole,))
    for part in parts:
        yield Word(forms=tuple(dict.fromkeys([part, plain(part) or part])))


def name_words(*names: str) -> list[str]:
    """The words of names, each once, without accents: what a slip of the finger is compared with."""
    found = (word.forms[-1] for name in names for word in words_in(name) if word.forms)
    return list(dict.fromkeys(found))


def vector(*parts: tuple[str, str], tags: Iterable[str] = ()) -> str:
    """A tsvector, as text, of texts with their weights (A to D); `tags` are kept with their #, under A."""
    places: dict[str, list[str]] = {}
    place = 1
    for text, weight in parts:
        for word in words_in(text):
            for form in word.forms:
                places.setdefault(form, []).append(f"{place}{weight}")
            for pair in word.pairs:
                places.setdefault(pair, []).append(f"{place}{weight}")
                place += 1
            if len(word.pairs[-1:]) and len(word.pairs[-1]) > 1:
                places.setdefault(word.pairs[-1][-1], []).append(f"{place}{weight}")
            place = min(place + 1, _PLACES_MOST)
        place = min(place + 1, _PLACES_MOST)  # no phrase reaches from one text into the next
    for tag in tags:
        places.setdefault(f"#{tag}", []).append("1A")
    return " ".join(f"{quoted(form)}:{','.join(found)}" for form, found in places.items())


def quoted(form: str) -> str:
    """A word as PostgreSQL reads it in a vector or a query."""
    return "'" + form.replace("\\", "\\\\").replace("'", "''") + "'"
