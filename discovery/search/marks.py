"""Where in a text the words stand that somebody looked for: as parts for programs, as `<mark>` for pages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from discovery.search.languages import likely, stems_of
from discovery.search.query import Query
from discovery.search.words import folded, plain, words_in
from socialnet.kernel.markup.words import MARKED

_WORD = re.compile(f"{MARKED}+")
_TAG = re.compile(r"""(<(?:[^>"']|"[^"]*"|'[^']*')*>)""")
_STEM_LEAST, _ENDING_MOST = 3, 5  # letters of a stem that say something, and of what may follow it


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    is_match: bool = False


class Marks:
    """Finds the words of one query in any text."""

    def __init__(self, query: Query, *, languages: Sequence[str]) -> None:
        wanted = [*query.words, *(word for tag in query.tags for word in words_in(tag))]
        self._forms = {form for word in wanted for form in word.forms}
        self._runs = [word.written for word in wanted if word.pairs]
        self._beginning = wanted[-1].forms[-1] if wanted and wanted[-1].forms else ""
        self._stems = {
            stem
            for form in self._forms
            for name in likely(form, languages)
            for stem in stems_of([form], name)[form]
            if len(stem) >= _STEM_LEAST
        }

    def parts(self, text: str, *, beginnings: bool = False) -> list[Part]:
        """All of `text` in order, with what matches apart; in names also the beginning of a word matches."""
        parts, end = [], 0
        for start, stop in self._spans(text, beginnings):
            if start > end:
                parts.append(Part(text[end:start]))
            parts.append(Part(text[start:stop], is_match=True))
            end = stop
        return [*parts, Part(text[end:])] if end < len(text) or not parts else parts

    def in_text(self, text: str, *, beginnings: bool = False) -> SafeString:
        """`text`, escaped, with marks."""
        marked = (
            f"<mark>{escape(part.text)}</mark>" if part.is_match else escape(part.text)
            for part in self.parts(text, beginnings=beginnings)
        )
        return mark_safe("".join(marked))

    def in_html(self, html: str) -> str:
        """HTML of our own making with marks in its text: tags stay as they are, the rest is escaped anew."""
        pieces = _TAG.split(html)
        return "".join(
            piece if place % 2 else self.in_text(unescape(piece)) for place, piece in enumerate(pieces)
        )

    def _spans(self, text: str, beginnings: bool) -> Iterator[tuple[int, int]]:
        for match in _WORD.finditer(text):
            start, stop = match.span()
            run = folded(match[0])
            if self._is_meant(run, beginnings):
                yield start, stop
            elif self._runs and len(run) == stop - start:
                yield from self._inside(run, start)

    def _is_meant(self, run: str, beginnings: bool) -> bool:
        for word in {run, run.strip("_"), *run.split("_")}:
            bare = plain(word)
            if word in self._forms or bare in self._forms:
                return True
            if beginnings and self._beginning and bare.startswith(self._beginning):
                return True
            if any(word.startswith(stem) and len(word) - len(stem) <= _ENDING_MOST for stem in self._stems):
                return True
        return False

    def _inside(self, run: str, offset: int) -> Iterator[tuple[int, int]]:
        place = 0
        while place < len(run):
            length = max((len(wanted) for wanted in self._runs if run.startswith(wanted, place)), default=0)
            if length:
                yield offset + place, offset + place + length
            place += length or 1
