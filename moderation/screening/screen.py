"""The judgement: what the rules find in something that is about to be kept, and what follows from it.

Fills `accounts.hooks.screen`.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from django.conf import settings

from accounts.errors import WritingRefused
from accounts.screening import Verdict, Writing
from moderation.screening import actions, classifier, known, refusals
from moderation.screening.models import Mode, Outcome
from moderation.screening.results import Found
from moderation.screening.rulebook import book
from moderation.screening.rules import CLASSIFIER, RULES, Book, Hit

_SEVERITY = [Outcome.ALLOW, Outcome.FLAG, Outcome.HOLD, Outcome.REFUSE]
# Where the sentence of a refusal stands in the form; of a profile or a group beside what was changed, if it is one.
_FIELDS = {"post": "content", "comment": "content", "name": "username"}
_CANNOT_WAIT = frozenset({"name"})


def screen(writing: Writing) -> Verdict:
    """Staff may say anything. Raises `WritingRefused`."""
    if not settings.SCREENING or writing.author.is_staff:
        return Verdict()
    rules = book()
    used = rules.used(writing.kind)
    asks_classifier = rules[CLASSIFIER].is_used
    if not (used or asks_classifier):
        return Verdict()
    asked = known.ask(writing, rules, used)
    hits = rules.hits(writing, asked.known, used)
    signal, is_late = asked.signal, False
    if asks_classifier and signal is None:
        signal = classifier.signal_of(writing.whole)
        is_late = signal is None
        if signal is not None:
            classifier.keep(classifier.digest(writing.whole), signal)
    found = judge(writing.author.pk, writing.kind, rules, hits, signal)
    if found.outcome == Outcome.HOLD and writing.kind in _CANNOT_WAIT:
        found = replace(found, outcome=Outcome.REFUSE)
    if found.outcome == Outcome.REFUSE:
        _refuse(writing, found)
    weak = [hit for hit in hits if hit.is_weak] if is_late else []
    return Verdict(
        is_held=found.outcome == Outcome.HOLD,
        keep=partial(actions.keep, writing, found, is_late=is_late, weak=weak),
    )


def judge(author_id: int, kind: str, rules: Book, hits: Sequence[Hit], signal: float | None) -> Found:
    """What counts of `hits`, and what follows: with a signal also what is weak; in shadow nothing follows."""
    setting = rules[CLASSIFIER]
    has_signal = signal is not None and 100 * signal >= setting.threshold and setting.is_used
    is_believed = has_signal and setting.mode == Mode.ON
    counted = [hit for hit in hits if not hit.is_weak or is_believed]
    if has_signal:
        counted.append(Hit(rule=CLASSIFIER, mode=setting.mode, outcome=Outcome.FLAG, because=f"{signal:.2f}"))
    outcomes = [hit.outcome for hit in counted if hit.mode == Mode.ON]
    outcome = max(outcomes, key=lambda one: _SEVERITY.index(Outcome(one)), default=Outcome.ALLOW)
    return Found(author_id=author_id, kind=kind, hits=tuple(counted), signal=signal, outcome=outcome)


def _refuse(writing: Writing, found: Found) -> None:
    deciding = [hit for hit in found.hits if hit.mode == Mode.ON and hit.rule in RULES]
    rule = max(deciding, key=lambda hit: _SEVERITY.index(Outcome(hit.outcome))).rule
    note = refusals.noted(found.row(text=writing.text, target_id=None))
    raise WritingRefused(RULES[rule].refusal, field=_field_of(writing), note=note)


def _field_of(writing: Writing) -> str:
    if len(writing.fields) == 1:
        return next(iter(writing.fields))
    return _FIELDS.get(writing.kind, "")
