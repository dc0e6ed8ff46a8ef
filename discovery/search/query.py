"""What somebody typed into the field: words, and the few operators that narrow them. Nothing that is typed is wrong.

An operator that is written in a way that makes no sense (`since:yesterday`, `from:`) is looked for as words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import blake2s

from django.conf import settings
from django.utils import timezone

from accounts import usernames
from discovery.search.languages import likely, stems_of
from discovery.search.words import Word, quoted, words_in
from socialnet.kernel.markup import tag_name
from socialnet.kernel.text import neutral
from socialnet.outbox.ids import id_at

LONGEST = 300  # characters
WORDS_MOST = 12
_FILTERS_MOST = 5
_PIECE = re.compile(r'(-?)"([^"]*)"|(\S+)')
_OPERATOR = re.compile(r"(from|tag|in|since|until|has):(.+)", re.IGNORECASE)
_SLUG = re.compile(r"[a-z0-9-]{3,40}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that are looked for together, one after the other; most often a single one."""

    words: tuple[Word, ...]
    is_exact: bool = False


@dataclass
class Query:
    """What is looked for. `text` is what was typed, without what cannot be kept."""

    text: str
    phrases: list[Phrase] = field(default_factory=list)
    without: list[Phrase] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    from_following: bool = False
    tags: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    since: date | None = None
    until: date | None = None
    with_media: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.phrases or self.has_filters)

    @property
    def has_filters(self) -> bool:
        """Whether it narrows posts in a way that people and tags do not know."""
        return bool(
            self.authors
            or self.from_following
            or self.tags
            or self.groups
            or self.since
            or self.until
            or self.with_media
        )

    @property
    def words(self) -> list[Word]:
        """All that is looked for."""
        return [word for phrase in self.phrases for word in phrase.words]

    @property
    def digest(self) -> str:
        """What stands for it where the words themselves must not stand: in keys, and in places of lists."""
        kept = f"{timezone.get_current_timezone_name()}\0{self.text.casefold()}"
        return blake2s(kept.encode(), key=settings.SECRET_KEY.encode()[:32], digest_size=16).hexdigest()

    @property
    def first_id(self) -> int | None:
        """The least id that a post of `since` or later may have."""
        return id_at(_midnight(self.since)) if self.since else None

    @property
    def end_id(self) -> int | None:
        """The first id after the day of `until`."""
        return id_at(_midnight(self.until + timedelta(days=1))) if self.until else None


def parse(text: str) -> Query:
    """Read `text`; raises nothing."""
    query = Query(text=" ".join(neutral(text)[:LONGEST].split()))
    for match in _PIECE.finditer(query.text):
        minus, together, piece = match.groups()
        if piece is None:
            _add(query, together, without=bool(minus), is_exact=True)
        elif not _operate(query, piece):
            _add_words(query, piece)
    if not query.phrases and not query.has_filters:  # only what is not wanted: then it is what is looked for
        query.phrases, query.without = query.without, []
    return query


def _add_words(query: Query, piece: str) -> None:
    """Each word of a piece for itself; a tag is both, its words and the tag itself where posts are looked for."""
    bare = piece.removeprefix("-")
    if len(bare) < len(piece) and list(words_in(bare)):
        _add(query, bare, without=True)
        return
    if piece.startswith("#") and (name := tag_name(piece)) and len(query.tags) < _FILTERS_MOST:
        query.tags.append(name)
        return
    for word in words_in(piece):
        if len(query.words) < WORDS_MOST:
            query.phrases.append(Phrase((word,)))


def _add(query: Query, text: str, *, without: bool, is_exact: bool = False) -> None:
    found = tuple(words_in(text))[: WORDS_MOST - len(query.words)]
    if found:
        (query.without if without else query.phrases).append(Phrase(found, is_exact))


def _operate(query: Query, piece: str) -> bool:
    """Whether `piece` is an operator that makes sense; then it is in `query`."""
    match = _OPERATOR.fullmatch(piece)
    if match is None:
        return False
    name, value = match[1].lower(), match[2]
    match name:
        case "from":
            return _from(query, value.removeprefix("@"))
        case "tag":
            tag = tag_name(value.strip('"'))
            if tag and len(query.tags) < _FILTERS_MOST:
                query.tags.append(tag)
            return bool(tag)
        case "in":
            return _in(query, value.lower())
        case "has":
            is_known = value.lower() == "media"
            query.with_media |= is_known
            return is_known
    day = _day(value)
    if day is None:
        return False
    setattr(query, name, day)
    return True


def _from(query: Query, name: str) -> bool:
    if name.lower() == "following":
        query.from_following = True
    elif usernames.is_well_formed(name):
        query.authors = [*query.authors, name.lower()][:_FILTERS_MOST]
    else:
        return False
    return True


def _in(query: Query, slug: str) -> bool:
    if not _SLUG.fullmatch(slug):
        return False
    query.groups = [*query.groups, slug][:_FILTERS_MOST]
    return True


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day and 2000 <= day.year < 2100 else None  # an id counts from 2024, in 41 bits


def _midnight(day: date) -> datetime:
    """The beginning of a day where the viewer lives."""
    return timezone.make_aware(datetime.combine(day, time()))


# --- as PostgreSQL asks it -----------------------------------------------------------------------------------


def as_tsquery(query: Query, *, languages: Sequence[str], tags: bool = False, weights: str = "") -> str:
    """All of `query`'s words, in any of their forms and stems, with `tags` also these, as posts carry them; only where
    they have one of `weights`, if any are given. May be empty."""
    wanted = [_either(phrase, languages, weights) for phrase in query.phrases]
    if tags:
        wanted += [quoted(f"#{tag}") for tag in query.tags]
    return " & ".join(wanted)


def as_unwanted(query: Query, *, weights: str = "") -> str:
    """None of what is not wanted, as it is written; empty if nothing is unwanted."""
    return " & ".join(f"!{_either(phrase, (), weights)}" for phrase in query.without)


def as_prefixes(words: Sequence[Word]) -> str:
    """All of `words` in the names of people and tags; the last may go on."""
    return " & ".join(
        f"({' | '.join(_together(word, goes_on=word is words[-1] or '_' in word.written))})" for word in words
    )


def _either(phrase: Phrase, languages: Sequence[str], weights: str = "") -> str:
    mark = f":{weights}" if weights else ""
    if len(phrase.words) == 1:
        (word,) = phrase.words
        stems = [] if phrase.is_exact else _stems(word, languages)
        return f"({' | '.join([*_together(word, mark=mark), *(quoted(stem) + mark for stem in stems)])})"
    each = (f"({' | '.join(_together(word, mark=mark))})" for word in phrase.words)
    return f"({' <-> '.join(each)})"


def _together(word: Word, *, mark: str = "", goes_on: bool = False) -> list[str]:
    """What a word may be kept under; `mark` narrows it to some weights, one that goes on is a beginning."""
    if goes_on:
        mark = ":*"
    if word.forms:
        return [f"{quoted(form)}{mark}" for form in word.forms]
    pairs = [f"{quoted(pair)}{mark}" for pair in word.pairs]
    if len(word.pairs[0]) == 1:  # one letter begins the pairs that it stands in
        return [f"{quoted(word.pairs[0])}:*{mark.strip(':*')}"]
    return [f"({' <-> '.join(pairs)})" if len(pairs) > 1 else pairs[0]]


def _stems(word: Word, languages: Sequence[str]) -> list[str]:
    if not word.forms:
        return []
    found = [
        stem
        for name in likely(word.forms[0], languages)
        for stem in stems_of([word.forms[0]], name)[word.forms[0]]
    ]
    return [stem for stem in dict.fromkeys(found) if stem not in word.forms]
