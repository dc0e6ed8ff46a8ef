"""The rules of screening: what each looks for. Pure functions over what was written and what is known of its author.

The ids are stored with settings and results: never rename one.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.screening import Writing
from feeds import filters
from feeds.text import links_in, mentioned_names
from moderation.screening.models import Mode, Outcome

SHORTEST = 20  # letters: what is shorter many people say, and often
ALIKE = 0.8  # of the letters in threes of two texts, what both have: then they say nearly the same
_THREE = 3
_PLACES, _MISSING_MOST = (
    100,
    0.35,
)  # of a text that are looked for in the other before both are compared whole
_ALNUM = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How one rule is set. `threshold` and `minutes` mean what its line in `RULES` says."""

    mode: str
    outcome: str
    threshold: int = 0
    minutes: int = 0
    entries: tuple[str, ...] = ()

    @property
    def is_used(self) -> bool:
        return self.mode != Mode.OFF


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known when something is written: the author's age here, what they said lately with how long ago, the
    newest first, and how many accounts said the same lately."""

    age: timedelta
    lately: Sequence[tuple[timedelta, str]] = ()
    same_accounts: int = 1


@dataclass(frozen=True)
class Finding:
    """What a rule found. A weak one counts only together with the signal of the classifier."""

    because: str
    is_weak: bool = False


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`find` gives what it found, if anything. `meaning` says what its numbers are; `refusal` is for the author."""

    name: str | Promise
    meaning: str | Promise
    usual: Setting
    refusal: str | Promise
    kinds: frozenset[str]
    find: Callable[[Writing, Known, Setting], Finding | None]


def asks_history(rule: str, writing: Writing) -> bool:
    """Whether a rule can find nothing in `writing` without what is known of its author: else nobody need ask."""
    match rule:
        case "too_fast":
            return writing.is_new
        case "same_text":
            return len(compact(writing.text)) >= SHORTEST
        case "links_new_account":
            return bool(links_of(writing))
    return False


def compact(text: str) -> str:
    """Its letters and digits in one form: what looks alike is alike."""
    return "".join(_ALNUM.findall(unicodedata.normalize("NFKC", text).casefold()))


def alike(first: str, second: str) -> bool:
    """Whether two compact texts say nearly the same."""
    if first == second:
        return True
    shorter, longer = sorted((len(first), len(second)))
    if shorter < ALIKE * longer or not _may_be_alike(first, second):
        return False
    threes, others = _threes(first), _threes(second)
    return len(threes & others) >= ALIKE * len(threes | others)


def _may_be_alike(first: str, second: str) -> bool:
    """A look at some places, in a fraction of the time. Of what is as alike as `ALIKE` asks, one in ten thousand is
    missed; of what is more alike practically none."""
    places = range(0, len(first) - _THREE + 1, max(1, len(first) // _PLACES))
    missing = 0
    for place in places:
        missing += first[place : place + _THREE] not in second
        if missing > _MISSING_MOST * len(places):
            return False
    return True


def _threes(text: str) -> set[str]:
    return {text[place : place + _THREE] for place in range(len(text) - _THREE + 1)}


def _counted(many: int, threshold: int, because: str) -> Finding | None:
    """Found from the threshold on, weakly from its half."""
    if many >= threshold:
        return Finding(because)
    return Finding(because, is_weak=True) if many > 1 and 2 * many >= threshold else None


def _too_fast(writing: Writing, known: Known, setting: Setting) -> Finding | None:
    if not writing.is_new:
        return None
    window = timedelta(minutes=setting.minutes)
    many = 1 + sum(ago <= window for ago, _text in known.lately)
    return _counted(many, setting.threshold, f"{many} in {setting.minutes} min")


def _same_text(writing: Writing, known: Known, setting: Setting) -> Finding | None:
    said = compact(writing.text)
    if len(said) < SHORTEST:
        return None
    window = timedelta(minutes=setting.minutes)
    before = [compact(text) for ago, text in known.lately if ago <= window]
    own = 1 + sum(alike(said, one) for one in before)
    many = max(own, known.same_accounts)
    by = f"{own} times" if own >= known.same_accounts else f"by {known.same_accounts} accounts"
    return _counted(many, setting.threshold, f"{by} in {setting.minutes} min")


def _links_new_account(writing: Writing, known: Known, setting: Setting) -> Finding | None:
    links = len(links_of(writing))
    days = known.age / timedelta(days=1)
    if not links or days >= 4 * setting.threshold:
        return None
    said = "1 link" if links == 1 else f"{links} links"
    return Finding(f"{said}, account of {int(days)} d", is_weak=days >= setting.threshold)


def _blocked_words(writing: Writing, _known: Known, setting: Setting) -> Finding | None:
    """Whole words; spelled with other letters between or within others they are found weakly."""
    text = as_read(writing.whole)
    found = [word for word in setting.entries if _has_word(text, word)]
    if found:
        return Finding(", ".join(found[:5]))
    letters = compact(text)
    within = [word for word in setting.entries if len(word) > _THREE and compact(word) in letters]
    return Finding(", ".join(within[:5]), is_weak=True) if within else None


# Letters of other scripts that pass for Latin ones, in lower case: some are alike in capitals only.
_LOOKALIKES = str.maketrans(
    "авеікмноһрстухьѕјԁԛԝɑɡıαβεζηικμνορτυχօոսհ", "abeikmhohpctyxbsjdqwagiabezhikmvoptuxonuh"
)
_WORD, _LATIN = re.compile(r"\w+"), re.compile("[a-z]")


def as_read(text: str) -> str:
    """`text` as words are compared: folded, and among Latin letters what looks like one is one."""
    plain = filters.folded(text)
    return plain if plain.isascii() else _WORD.sub(_as_latin, plain)


def _as_latin(word: re.Match[str]) -> str:
    return word[0].translate(_LOOKALIKES) if _LATIN.search(word[0]) else word[0]


def _has_word(text: str, word: str) -> bool:
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _blocked_domains(writing: Writing, _known: Known, setting: Setting) -> Finding | None:
    hosts = {host_of(link) for link in links_of(writing)}
    found = [name for name in setting.entries if any(_is_below(host, name) for host in hosts)]
    return Finding(", ".join(found[:5])) if found else None


def _is_below(host: str, name: str) -> bool:
    return host == name or host.endswith(f".{name}")


def _mass_mentions(writing: Writing, _known: Known, setting: Setting) -> Finding | None:
    many = len(mentioned_names(writing.text))
    return _counted(many, setting.threshold, f"{many} people")


def links_of(writing: Writing) -> list[str]:
    website = writing.fields.get("website", "")
    return [*links_in(writing.text), *([website] if website else [])]


def host_of(link: str) -> str:
    """Its host in ASCII, lower-cased; empty for what has none."""
    try:
        host = (urlsplit(link).hostname or "").rstrip(".")
        return host.encode("idna").decode() if not host.isascii() else host
    except (UnicodeError, ValueError):
        return ""


@lru_cache(maxsize=8)
def words_from(entries: str) -> tuple[str, ...]:
    """The lines of a list as they are compared, each once."""
    return tuple(dict.fromkeys(filter(None, map(as_read, entries.splitlines()))))


@lru_cache(maxsize=8)
def domains_from(entries: str) -> tuple[str, ...]:
    """Hosts of a list, written with or without a scheme."""
    lines = (line.strip().casefold() for line in entries.splitlines())
    hosts = (host_of(line if "://" in line else f"//{line}").removeprefix("www.") for line in lines if line)
    return tuple(dict.fromkeys(filter(None, hosts)))


_SAID = frozenset({"post", "comment"})
_ALL = _SAID | {"user", "group"}
RULES: Mapping[str, Rule] = {
    "too_fast": Rule(
        name=_("Too fast"),
        meaning=_("So many posts and comments of one person within so many minutes."),
        usual=Setting(mode=Mode.SHADOW, outcome=Outcome.HOLD, threshold=8, minutes=2),
        refusal=_("You are writing very fast. Wait a few minutes, then send it again."),
        kinds=_SAID,
        find=_too_fast,
    ),
    "same_text": Rule(
        name=_("Same text"),
        meaning=_(
            "Nearly the same so often by one person, or the same by so many accounts, within so many minutes."
        ),
        usual=Setting(mode=Mode.SHADOW, outcome=Outcome.HOLD, threshold=4, minutes=60),
        refusal=_("This was said several times lately. Say it in other words, or leave it at that."),
        kinds=_ALL,
        find=_same_text,
    ),
    "links_new_account": Rule(
        name=_("Links from new accounts"),
        meaning=_("A link from an account that is younger than so many days."),
        usual=Setting(mode=Mode.SHADOW, outcome=Outcome.HOLD, threshold=1),
        refusal=_("New accounts cannot post links in their first days. Leave the link out for now."),
        kinds=_ALL,
        find=_links_new_account,
    ),
    "blocked_words": Rule(
        name=_("Blocked words"),
        meaning=_("Any word or phrase of the list."),
        usual=Setting(mode=Mode.ON, outcome=Outcome.HOLD),
        refusal=_("This contains words that cannot be used here. Change them, then send it again."),
        kinds=_ALL | {"name"},
        find=_blocked_words,
    ),
    "blocked_domains": Rule(
        name=_("Blocked domains"),
        meaning=_("A link to any domain of the list, or below it."),
        usual=Setting(mode=Mode.ON, outcome=Outcome.REFUSE),
        refusal=_(
            "This links to a site that cannot be linked to here. Take the link out, then send it again."
        ),
        kinds=_ALL,
        find=_blocked_domains,
    ),
    "mass_mentions": Rule(
        name=_("Mass mentions"),
        meaning=_("So many people mentioned at once."),
        usual=Setting(mode=Mode.SHADOW, outcome=Outcome.HOLD, threshold=10),
        refusal=_("This mentions very many people at once. Mention fewer, then send it again."),
        kinds=_SAID,
        find=_mass_mentions,
    ),
}
# Not a rule that decides alone: on, it makes weak findings of the others count, and opens a case for what it finds.
CLASSIFIER = "classifier"
CLASSIFIER_NAME = _("Classifier")
CLASSIFIER_MEANING = _("Offensive language, from so many percent on. Never holds anything alone.")
CLASSIFIER_USUAL = Setting(mode=Mode.SHADOW, outcome=Outcome.FLAG, threshold=80)
WITH_ENTRIES: Mapping[str, Callable[[str], tuple[str, ...]]] = {
    "blocked_words": words_from,
    "blocked_domains": domains_from,
}


def name_of(rule: str) -> str:
    return str(RULES[rule].name if rule in RULES else CLASSIFIER_NAME)


def meaning_of(rule: str) -> str:
    return str(RULES[rule].meaning if rule in RULES else CLASSIFIER_MEANING)


def said_of(row: Mapping[str, str]) -> str:
    """One finding, as it is kept, on one line."""
    shadow = f" ({Mode.SHADOW.label})" if row["mode"] == Mode.SHADOW else ""
    return f"{name_of(row['rule'])}: {row['because']}{shadow}"


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A rule that found something, as it is set."""

    rule: str
    mode: str
    outcome: str
    because: str
    is_weak: bool = False

    def row(self) -> dict[str, str]:
        return {"rule": self.rule, "mode": self.mode, "outcome": self.outcome, "because": self.because}


@dataclass(frozen=True)
class Book:
    """All settings, by rule."""

    settings: Mapping[str, Setting] = field(default_factory=dict)

    def __getitem__(self, rule: str) -> Setting:
        usual = CLASSIFIER_USUAL if rule == CLASSIFIER else RULES[rule].usual
        return self.settings.get(rule, usual)

    def used(self, kind: str) -> list[str]:
        """The rules that look at this kind of thing."""
        return [name for name, rule in RULES.items() if kind in rule.kinds and self[name].is_used]

    def hits(self, writing: Writing, known: Known, rules: Iterable[str]) -> list[Hit]:
        found = ((name, RULES[name].find(writing, known, self[name])) for name in rules)
        return [
            Hit(
                rule=name,
                mode=self[name].mode,
                outcome=self[name].outcome,
                because=finding.because,
                is_weak=finding.is_weak,
            )
            for name, finding in found
            if finding is not None
        ]
