"""What the classifier did not say in time is asked again by a worker, who may wait longer."""

from datetime import timedelta

import structlog
from django.utils import timezone

from moderation import targets
from moderation.events import WritingToCheck
from moderation.screening import actions, classifier
from moderation.screening.models import ScreeningResult
from moderation.screening.rulebook import book
from moderation.screening.rules import CLASSIFIER, Book, Hit, compact
from moderation.screening.screen import judge
from socialnet.outbox.errors import NotYet
from socialnet.outbox.ids import time_of

GIVEN_UP_AFTER = timedelta(hours=1)
_PAUSE = 30  # seconds

log = structlog.get_logger(__name__)


def check(event: WritingToCheck) -> None:
    """May hold what everybody saw meanwhile. Raises `NotYet` while the classifier fails, for an hour."""
    rules = book()
    target = targets.found(event.kind, event.target_id)
    if target is None or not rules[CLASSIFIER].is_used:
        return
    signal = classifier.signal_of(target.said, patience=classifier.PATIENCE)
    if signal is None:
        if timezone.now() - time_of(event.id) < GIVEN_UP_AFTER:
            raise NotYet(_PAUSE)
        log.warning("writing_never_checked", kind=event.kind, target_id=event.target_id)
        return
    text_hash = classifier.digest(compact(target.said))
    known = ScreeningResult.objects.filter(target_kind=event.kind, target_id=event.target_id)
    if known.filter(text_hash=text_hash, signal__isnull=False).exists():  # done before
        return
    found = judge(target.person.pk, event.kind, rules, _weak(event, rules), signal)
    actions.hold_late(found, text=target.said, target_id=event.target_id)


def _weak(event: WritingToCheck, rules: Book) -> list[Hit]:
    return [
        Hit(rule=rule, mode=rules[rule].mode, outcome=rules[rule].outcome, because=because, is_weak=True)
        for rule, because in event.weak.items()
        if rules[rule].is_used
    ]
