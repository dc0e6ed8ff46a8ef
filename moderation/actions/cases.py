"""Who looks after a case, and what is decided."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.errors import InvalidFields
from accounts.models import User
from moderation import targets
from moderation.actions.sanctions import check_not_about, impose_sanction
from moderation.actions.words import words_of
from moderation.errors import CaseClosed
from moderation.events import CaseDecided
from moderation.in_groups import routing
from moderation.models import Case, Measure, ScreeningResult
from moderation.screening.models import Outcome
from socialnet.kernel.errors import DomainError, NotFound
from socialnet.outbox.actions import emit, record

OF_SITE = frozenset({*Measure.values, Case.Outcome.NOTHING, Case.Outcome.GONE})


@transaction.atomic
def assign_case(*, case_id: int, to: User | None, actor: User) -> Case:
    """Say who looks after a case; repeating it changes nothing. Raises `NotFound`, `CaseClosed`, `Forbidden` (whom it
    is about)."""
    case = lock_case(case_id)
    check_not_about(case.person_id, actor)
    if case.assigned_to_id != (to.pk if to else None):
        routing.take_over(case, actor=actor)
        before, case.assigned_to = case.assigned_to_id, to
        case.save(update_fields=["assigned_to"])
        _record_on_case("moderation.case_assigned", case, actor, {"to": before}, {"to": case.assigned_to_id})
    return case


@transaction.atomic
def decide_case(
    *,
    case_id: int,
    outcome: str,
    actor: User,
    words: str = "",
    answer: str = "",
    until: datetime | None = None,
) -> Case:
    """Close a case, and do what was decided about whose it is; who reported it is told.

    `words` go to the person, `answer` to the reporters. What screening holds stays hidden only by `hide`; everything
    else lets it be seen. Raises `NotFound`, `CaseClosed`, `Forbidden` (whom it is about), and what `impose_sanction`
    raises; then nothing is changed.
    """
    case = lock_case(case_id)
    _ask_whose(case)
    check_not_about(case.person_id, actor)
    if outcome not in OF_SITE:
        raise InvalidFields(outcome=[_("Choose what to do.")])
    if outcome == Case.Outcome.HIDE:
        check_there(case)
    told = words_of(answer, field="answer")
    routing.take_over(case, actor=actor)
    if outcome in Measure.values:
        if case.person is None or not case.person.is_active:
            raise InvalidFields(outcome=[_("Whose it was is gone.")])
        impose_sanction(person=case.person, measure=outcome, actor=actor, words=words, until=until, case=case)
    else:
        case.said = ""
    if case.is_screened and outcome != Case.Outcome.HIDE:
        _release(case, outcome, actor)
    close_case(case, outcome=outcome, answer=told, actor=actor)
    return case


def _ask_whose(case: Case) -> None:
    """A group may have been handed over since it was reported."""
    person = targets.whose(case)
    if person is not None and person.pk != case.person_id:
        case.person = person
        case.save(update_fields=["person"])


def check_there(case: Case) -> None:
    """Raises `InvalidFields` where there is nothing left to hide."""
    if targets.found(case.target_kind, case.target_id) is None:
        raise InvalidFields(outcome=[_("It is gone: there is nothing to hide.")])


def _release(case: Case, outcome: str, actor: User) -> None:
    if outcome == Case.Outcome.GONE:
        if targets.is_held(case.target_kind, case.target_id):
            raise InvalidFields(outcome=[_("It is still there, and waits: hide it, or leave it as it is.")])
        return
    if _says_else_by_now(case):
        return
    is_fine = outcome == Case.Outcome.NOTHING
    targets.release(case.target_kind, case.target_id, actor=actor, is_fine=is_fine)


def _says_else_by_now(case: Case) -> bool:
    """Whether something else is held of the same thing for which no case was opened yet; it waits for its own."""
    held = ScreeningResult.objects.filter(
        target_kind=case.target_kind, target_id=case.target_id, outcome=Outcome.HOLD
    )
    newest = held.order_by("-pk").first()
    return newest is not None and newest.case_id is None


def close_case(case: Case, *, outcome: str, answer: str, actor: User | None) -> None:
    case.outcome, case.answer, case.closed_by = outcome, answer, actor
    Case.objects.filter(pk=case.pk).update(
        outcome=outcome, answer=answer, closed_by=actor, closed_at=Now(), said=case.said
    )
    # What rules in shadow found in it is judged by the same decision; what is held since has a case of its own to come.
    found = ScreeningResult.objects.filter(target_kind=case.target_kind, target_id=case.target_id, case=None)
    found.filter(outcome=Outcome.ALLOW).update(case=case)
    after = {"outcome": outcome, "reports": case.reports, "target": f"{case.target_kind} {case.target_id}"}
    if case.is_with_group:
        after["group"] = case.group_id
    _record_on_case("moderation.case_closed", case, actor, {"outcome": ""}, after)
    emit(CaseDecided(case_id=case.pk), actor_id=actor.pk if actor else None)
    case.refresh_from_db(fields=["closed_at"])


@transaction.atomic
def close_gone(*, kind: str, target_id: int) -> None:
    """What nobody but its author saw, and its author took away, needs no decision any more. What somebody reported
    does: they saw it."""
    waiting = Case.objects.open().about(kind, target_id).filter(is_screened=True, reports=0)
    case = waiting.select_for_update(no_key=True).first()
    if case is not None and targets.found(kind, target_id) is None:
        case.said = ""
        close_case(case, outcome=Case.Outcome.GONE, answer="", actor=None)


def decide_cases(
    *, case_ids: Iterable[int], outcome: str, actor: User, words: str = "", answer: str = ""
) -> tuple[int, list[DomainError]]:
    """Decide many alike, each in a transaction and with an entry of its own: how many, and why others were not."""
    done, errors = 0, []
    for case_id in sorted(case_ids):
        try:
            decide_case(case_id=case_id, outcome=outcome, actor=actor, words=words, answer=answer)
            done += 1
        except DomainError as error:
            errors.append(error)
    return done, errors


@transaction.atomic
def note_look_at_case(*, case: Case, actor: User) -> None:
    """Put on the record that a moderator reads, because of a report, what not everybody may read."""
    _record_on_case(
        "moderation.case_looked_at", case, actor, {}, {"target": f"{case.target_kind} {case.target_id}"}
    )


def lock_case(case_id: int) -> Case:
    locked = Case.objects.select_for_update(no_key=True, of=["self"]).select_related("person")
    case = locked.filter(pk=case_id).first()
    if case is None:
        raise NotFound
    if not case.is_open:
        raise CaseClosed
    return case


def _record_on_case(
    act: str, case: Case, actor: User | None, before: dict[str, Any], after: dict[str, Any]
) -> None:
    record(
        act,
        actor_id=actor.pk if actor else None,
        target_type="case",
        target_id=case.pk,
        before=before,
        after=after,
    )
