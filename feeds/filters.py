"""Words that somebody does not want to read, found in texts: pure functions, apart from where they are kept.

Text and phrase are compared as `folded` has them: without case, in one of their Unicode spellings, on one line. A
phrase that is a whole word is found only where no letter, digit or mark of a word touches it; scripts that are written
without spaces have no such places, so there it is found anywhere.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

_FEW = 8  # phrases that are looked for among all words: it takes as long as to pick words for them
_MANY = 40  # words with a piece in them: to find them one after the other takes as long as to look at all
BETWEEN = "\n"  # stands in no folded text: no phrase is found across it

# Thai and Lao, Tibetan, Myanmar, Khmer, Tai scripts, kana, bopomofo, Han.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x1AAF), (0x2E80, 0x2FDF),
    (0x3005, 0x3007), (0x3021, 0x30FF), (0x3100, 0x312F), (0x31A0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF), (0xAA60, 0xAADF), (0xF900, 0xFAFF), (0x1B000, 0x1B16F), (0x20000, 0x3FFFF),
)  # fmt: skip
# Letters and digits that stand together, of scripts with spaces: what `touches`, but for marks.
_RUN = re.compile(rf"[^\W{''.join(f'{chr(first)}-{chr(last)}' for first, last in _UNSPACED)}]+")
_OFTEN = "etaoinshrdlucmfgypwbvkjxqz"  # in English, the most frequent first; what is not in it is rare
# What changes nothing that is read: characters of category Cf, and those that Unicode says may be ignored.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


class Action(StrEnum):
    """What becomes of what has the words: it is not there, or shown to who opens it."""

    HIDE = "hide"
    FOLD = "fold"


class Place(StrEnum):
    """Where it is looked for them."""

    HOME = "home"
    THREADS = "threads"
    NOTIFICATIONS = "notifications"


def folded(text: str) -> str:
    """`text` as it is compared: NFKC, case folded, each run of spaces and line ends one space."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def touches(character: str) -> bool:
    """Whether a word goes on with it: letters, digits and their marks, of scripts that put spaces between words."""
    if character.isascii():
        return character.isalnum() or character == "_"
    if not (character.isalnum() or unicodedata.category(character).startswith("M")):
        return False
    return not any(first <= ord(character) <= last for first, last in _UNSPACED)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One filter as somebody wrote it, and what is looked for.

    A text that has it has its longest piece without spaces, `anchor`, and the letter of that which is the most seldom,
    `rare`; and of a whole word all its `runs` of letters, each as one of its own.
    """

    text: str
    needle: str
    whole_word: bool
    action: Action
    runs: frozenset[str]
    anchor: str
    rare: str

    @classmethod
    def of(cls, text: str, *, whole_word: bool, action: Action) -> "Phrase":
        needle = folded(text)
        anchor = max(needle.split(), key=len, default="")
        runs = frozenset(_RUN.findall(needle)) if whole_word else frozenset()
        rare = max(anchor, key=lambda letter: _OFTEN.find(letter) % 100, default="")
        return cls(text, needle, whole_word, action, runs, anchor, rare)

    def is_in(self, text: str) -> bool:
        """Whether folded `text` has it."""
        at = text.find(self.needle)
        if not self.whole_word:
            return at >= 0
        while at >= 0:
            if self._is_whole(text, at):
                return True
            at = text.find(self.needle, at + 1)
        return False

    def _is_whole(self, text: str, at: int) -> bool:
        end = at + len(self.needle)
        begins = at == 0 or not (touches(text[at]) and touches(text[at - 1]))
        return begins and (end == len(text) or not (touches(text[end - 1]) and touches(text[end])))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody's filters say of one text. `phrases` are those that are in it, as they were written."""

    action: Action
    phrases: tuple[str, ...]

    @property
    def hides(self) -> bool:
        return self.action is Action.HIDE


class Compiled:
    """The phrases of one person for one place.

    Few of many phrases are in a page, and most of what a page says it says often. So its words are looked through, each
    once: a phrase that is a word must be one of them, and another is looked for only among those words that have its
    rarest letter. What is left is compared with the texts that have such a word.
    """

    __slots__ = ("_any_runs", "hides", "phrases")

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self.phrases = [phrase for phrase in phrases if phrase.needle]
        self.hides = any(phrase.action is Action.HIDE for phrase in self.phrases)
        self._any_runs = any(phrase.runs for phrase in self.phrases)

    def __bool__(self) -> bool:
        return bool(self.phrases)

    def judge(self, texts: Sequence[Sequence[str]]) -> list[Verdict | None]:
        """Of each text, which comes in parts, what is to become of it; None where no phrase is in it."""
        if not self.phrases:
            return [None] * len(texts)
        said = [_words_of(parts) for parts in texts]
        likely = self._likely(set().union(*said))
        return [_verdict(_found(likely, words, parts)) for words, parts in zip(said, texts, strict=True)]

    def _likely(self, words: set[str]) -> list[tuple[Phrase, list[str]]]:
        """Those that may be in a text that has some of `words`, in their order, and in which of them."""
        runs = _runs_in(words) if self._any_runs else set()
        wanted = [phrase for phrase in self.phrases if runs.issuperset(phrase.runs)]
        said = " ".join(words)
        among: dict[str, tuple[Collection[str], str]] = {}
        for letter, many in Counter(phrase.rare for phrase in wanted).items():
            if letter in said:
                some = words if many < _FEW else [word for word in words if letter in word]
                among[letter] = some, said if many < _FEW else " ".join(some)
        likely = []
        for phrase in wanted:
            if phrase.rare in among and (having := _having(phrase.anchor, *among[phrase.rare])):
                likely.append((phrase, having))
        return likely


def _having(piece: str, words: Collection[str], said: str) -> list[str]:
    """Those of `words` that have `piece` in them; `said` is all of them in one, where few need not look at each."""
    many = said.count(piece)
    if many > _MANY:
        return [word for word in words if piece in word]
    having, at = [], said.find(piece) if many else -1
    while at >= 0:
        begin, end = said.rfind(" ", 0, at) + 1, said.find(" ", at)
        having.append(said[begin:] if end < 0 else said[begin:end])
        at = said.find(piece, end) if end >= 0 else -1
    return having


def _words_of(parts: Iterable[str]) -> set[str]:
    """What is between the spaces of folded `parts`."""
    words: set[str] = set()
    for part in parts:
        words.update(part.lower().split() if part.isascii() else folded(part).split())
    return words


def _runs_in(words: Iterable[str]) -> set[str]:
    runs, others = set(), []
    for word in words:
        if word.isascii() and word.isalnum():
            runs.add(word)
        else:
            others.append(word)
    runs.update(_RUN.findall(" ".join(others)))
    return runs


def _found(
    likely: Sequence[tuple[Phrase, Sequence[str]]], words: set[str], parts: Sequence[str]
) -> list[Phrase]:
    """Which phrases are in a text that comes in `parts` and has these words."""
    found, text = [], None
    for phrase, with_it in likely:
        if words.isdisjoint(with_it):
            continue
        if (
            phrase.whole_word or phrase.anchor != phrase.needle
        ):  # not only its longest piece, inside of a word
            if text is None:
                text = BETWEEN.join(map(folded, parts))
            if not phrase.is_in(text):
                continue
        found.append(phrase)
    return found


def _verdict(found: Sequence[Phrase]) -> Verdict | None:
    if not found:
        return None
    hides = any(phrase.action is Action.HIDE for phrase in found)
    return Verdict(
        Action.HIDE if hides else Action.FOLD, tuple(dict.fromkeys(phrase.text for phrase in found))
    )
