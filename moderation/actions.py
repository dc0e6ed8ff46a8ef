"""Report, decide, sanction, appeal: each one transaction, and on the record."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import actions as accounts
from accounts.errors import InvalidFields
from accounts.models import User
from accounts.selectors import is_ahead
from moderation import targets
from moderation.errors import AppealedAlready, CaseClosed, NotAgainstStaff, NotInForce, OwnReport
from moderation.events import AppealAnswered, CaseDecided, CaseOfGroup, SanctionEnded, SanctionImposed
from moderation.in_groups import routing
from moderation.models import (
    DATED,
    DETAILS_MAX,
    SHUT_OUT,
    WORDS_MAX,
    Case,
    Measure,
    Reason,
    Report,
    Sanction,
    ScreeningResult,
    TargetKind,
)
from moderation.screening.models import Outcome
from moderation.targets import Target
from socialnet.kernel.errors import DomainError, Forbidden, NotFound
from socialnet.kernel.text import clean
from socialnet.outbox.actions import emit, record

BATCH = 100
OF_SITE = frozenset({*Measure.values, Case.Outcome.NOTHING, Case.Outcome.GONE})


# --- reports -------------------------------------------------------------------------------------------------


@transaction.atomic
def report_target(
    *, kind: str, ident: str, reporter: User, reason: str, details: str = "", to_site: bool = False
) -> Report:
    """Tell moderators of something that `reporter` sees, or would see but for a block; while its case is open, once is
    enough: again changes nothing.

    `ident` is an id, of people the username. Of what is said in a group its own moderators are told, unless it is
    `to_site` or `routing.why_site` has another reason. Raises `NotFound`, `OwnReport`, `InvalidFields`.
    """
    if reason not in Reason.values:
        raise InvalidFields(reason=[_("Choose a reason.")])
    said = words_of(details, most=DETAILS_MAX, field="details")
    target = targets.reportable(kind, ident, viewer=reporter)
    if target.person.pk == reporter.pk:
        raise OwnReport
    case = _open_case(target, reason)
    report, created = Report.objects.get_or_create(
        case=case, reporter=reporter, defaults={"reason": reason, "details": said}
    )
    if created:
        Case.objects.filter(pk=case.pk).update(reports=F("reports") + 1)
        if case.is_with_group and (why := routing.why_site(case, reason=reason, to_site=to_site)):
            routing.escalate(case, why=why, actor=None)
        elif case.is_with_group and case.reports == 0:
            emit(CaseOfGroup(case_id=case.pk), actor_id=reporter.pk)
    return report


def _open_case(target: Target, reason: str) -> Case:
    """The open case of this target, locked; made if there is none."""
    opened = Case(
        target_kind=target.kind,
        target_id=target.id,
        person=target.person,
        reason=reason,
        said=target.said,
        group_id=target.group_id,
    )
    mine = Case.objects.open().about(target.kind, target.id).select_for_update(no_key=True)
    case = mine.first()
    while case is None:  # as often as one is closed in between
        Case.objects.bulk_create([opened], ignore_conflicts=True)
        case = mine.first()
    return case


@transaction.atomic
def open_screened_case(target: Target, *, reason: str) -> Case:
    """Let moderators of the site decide about what screening found, in the open case of the target if there is one."""
    case = _open_case(target, reason)
    if not case.is_screened:
        case.is_screened = True
        case.save(update_fields=["is_screened"])
    if case.is_with_group:
        routing.escalate(case, why=Case.Escalation.SCREEN, actor=None)
    return case


def words_of(text: str, *, field: str, most: int = WORDS_MAX, needed: bool = False) -> str:
    said = clean(text).strip()
    if len(said) > most:
        raise InvalidFields(**{field: [_("At most %(most)d characters.") % {"most": most}]})
    if needed and not said:
        raise InvalidFields(**{field: [_("Write something first.")]})
    return said


# --- cases ---------------------------------------------------------------------------------------------------


@transaction.atomic
def assign_case(*, case_id: int, to: User | None, actor: User) -> Case:
    """Say who looks after a case; repeating it changes nothing. Raises `NotFound`, `CaseClosed`, `Forbidden` (whom it
    is about)."""
    case = lock_case(case_id)
    _check_not_about(case.person_id, actor)
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
    _check_not_about(case.person_id, actor)
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


def _check_not_about(person_id: int | None, actor: User | None) -> None:
    """Nobody judges themselves, whatever they may do otherwise."""
    if actor is not None and person_id == actor.pk:
        raise Forbidden(_("This is about yourself. Somebody else decides it."))


def _release(case: Case, outcome: str, actor: User) -> None:
    if outcome == Case.Outcome.GONE:
        if targets.is_held(case.target_kind, case.target_id):
            raise InvalidFields(outcome=[_("It is still there, and waits: hide it, or leave it as it is.")])
        return
    is_fine = outcome == Case.Outcome.NOTHING
    targets.release(case.target_kind, case.target_id, actor=actor, is_fine=is_fine)


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


# --- sanctions -----------------------------------------------------------------------------------------------


@transaction.atomic
def impose_sanction(
    *,
    person: User,
    measure: str,
    actor: User,
    words: str = "",
    until: datetime | None = None,
    case: Case | None = None,
) -> Sanction:
    """Do something about a person: it is in force at once, and the person is told.

    A suspension needs an end, a limit may have one. Raises `InvalidFields`, `NotAgainstStaff`, `Forbidden` (oneself),
    `NotFound` (who left).
    """
    _check_not_about(person.pk, actor)
    (person,) = accounts.lock_people(person)
    if person.is_staff and measure not in (Measure.WARN, Measure.HIDE):
        raise NotAgainstStaff
    _check_measure(measure, until, case)
    sanction = Sanction.objects.create(
        person=person,
        measure=measure,
        case=case,
        target_kind=case.target_kind if case else "",
        target_id=case.target_id if case else None,
        words=words_of(words, field="words", needed=measure == Measure.WARN),
        until=until,
        made_by=actor,
    )
    _put_in_force(sanction, actor)
    after = {"measure": measure, "until": until.isoformat() if until else None, "sanction": sanction.pk}
    _record_on_person("moderation.sanction_imposed", sanction, actor, {}, after)
    emit(SanctionImposed(sanction_id=sanction.pk, user_id=person.pk), actor_id=actor.pk)
    return sanction


def _check_measure(measure: str, until: datetime | None, case: Case | None) -> None:
    if measure not in Measure.values:
        raise InvalidFields(outcome=[_("Choose what to do.")])
    if measure == Measure.HIDE and (case is None or not targets.can_be_hidden(case.target_kind)):
        raise InvalidFields(outcome=[_("There is nothing to hide.")])
    if until is not None and measure not in DATED:
        raise InvalidFields(until=[_("Only a limit or a suspension has an end.")])
    if until is None and measure == Measure.SUSPEND:
        raise InvalidFields(until=[_("Say until when. Without an end it is a ban.")])
    if until is not None and not is_ahead(until):
        raise InvalidFields(until=[_("This moment has passed.")])


def _put_in_force(sanction: Sanction, actor: User) -> None:
    if sanction.measure == Measure.HIDE:
        targets.hide(sanction.target_kind, sanction.target_id or 0, actor=actor)
    elif sanction.measure == Measure.LIMIT:
        accounts.limit_user(user=sanction.person, actor=actor)
    elif sanction.measure in SHUT_OUT:
        accounts.suspend_user(user=sanction.person, actor=actor, reason=f"sanction {sanction.pk}")


@transaction.atomic
def end_sanction(*, sanction_id: int, actor: User | None) -> Sanction:
    """It is over, before its time or because that has come (`actor` is None then); what it did is undone.

    What another sanction in force asks for stays as it is. Raises `NotFound`, `NotInForce`, `Forbidden` (oneself).
    """
    sanction = _lock_sanction(sanction_id)
    _check_not_about(sanction.person_id, actor)
    return _end(sanction, actor)


def _end(sanction: Sanction, actor: User | None) -> Sanction:
    if not sanction.is_in_force:
        raise NotInForce
    # Whoever imposes or ends something about this person holds this lock, so the last of several sees that it is.
    person = User.objects.select_for_update(no_key=True).get(pk=sanction.person_id)
    Sanction.objects.filter(pk=sanction.pk).update(ended_at=Now())
    sanction.refresh_from_db(fields=["ended_at"])
    if person.is_active:
        _undo(sanction, person, actor)
    before = {"measure": sanction.measure, "sanction": sanction.pk}
    _record_on_person("moderation.sanction_ended", sanction, actor, before, {"measure": ""})
    emit(SanctionEnded(sanction_id=sanction.pk, user_id=person.pk), actor_id=actor.pk if actor else None)
    return sanction


def _undo(sanction: Sanction, person: User, actor: User | None) -> None:
    others = Sanction.objects.in_force().filter(person=person)
    if sanction.measure == Measure.HIDE:
        same = others.filter(
            measure=Measure.HIDE, target_kind=sanction.target_kind, target_id=sanction.target_id
        )
        if not same.exists():
            targets.show(sanction.target_kind, sanction.target_id or 0, actor=actor)
    elif sanction.measure == Measure.LIMIT:
        if not others.filter(measure=Measure.LIMIT).exists():
            accounts.unlimit_user(user=person, actor=actor)
    elif sanction.measure in SHUT_OUT and not others.filter(measure__in=SHUT_OUT).exists():
        accounts.unsuspend_user(user=person, actor=actor)


@transaction.atomic
def let_in(*, person: User, actor: User) -> int:
    """End every suspension and ban of a person, and one from before there were decisions; how many decisions ended.

    Raises `Forbidden` (oneself).
    """
    _check_not_about(person.pk, actor)
    locked = _lock_shut_out(person.pk)
    for sanction in locked:
        _end(sanction, actor)
    accounts.unsuspend_user(user=person, actor=actor)
    return len(locked)


def end_due() -> int:
    """End the sanctions whose time has come by the database's clock; how many. Two who do it at once share the work."""
    ended = 0
    while ids := list(Sanction.objects.due().order_by("until").values_list("pk", flat=True)[:BATCH]):
        before = ended
        for sanction_id in ids:
            ended += _end_due(sanction_id)
        if ended == before:  # somebody else is at it
            break
    return ended


@transaction.atomic
def _end_due(sanction_id: int) -> int:
    due = Sanction.objects.due().select_for_update(no_key=True, skip_locked=True, of=["self"])
    sanction = due.filter(pk=sanction_id).first()
    if sanction is None:
        return 0
    _end(sanction, None)
    return 1


@transaction.atomic
def note_unsuspended(*, user_id: int) -> int:
    """Who may come in again for another reason is not suspended by any sanction any more; how many ended."""
    stale = _lock_shut_out(user_id)  # before the person, as whoever ends one does
    person = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if person is None or person.is_suspended:
        return 0
    Sanction.objects.filter(pk__in=[sanction.pk for sanction in stale]).update(ended_at=Now())
    for sanction in stale:
        emit(SanctionEnded(sanction_id=sanction.pk, user_id=user_id))
    return len(stale)


def _lock_shut_out(user_id: int) -> list[Sanction]:
    """Every suspension and ban of a person that is in force."""
    shut_out = Sanction.objects.in_force().filter(person=user_id, measure__in=SHUT_OUT)
    return list(shut_out.select_for_update(no_key=True, of=["self"]).order_by("pk"))


def _lock_sanction(sanction_id: int) -> Sanction:
    sanction = Sanction.objects.select_for_update(no_key=True, of=["self"]).filter(pk=sanction_id).first()
    if sanction is None:
        raise NotFound
    return sanction


def _record_on_person(
    act: str, sanction: Sanction, actor: User | None, before: dict[str, Any], after: dict[str, Any]
) -> None:
    record(
        act,
        actor_id=actor.pk if actor else None,
        target_type="user",
        target_id=sanction.person_id,
        before=before,
        after=after,
    )


# --- appeals -------------------------------------------------------------------------------------------------


@transaction.atomic
def appeal_sanction(*, sanction_id: int, person: User, words: str) -> Sanction:
    """Ask moderators to look again, once. Raises `NotFound` (another's), `NotInForce`, `AppealedAlready`."""
    sanction = _lock_sanction(sanction_id)
    if sanction.person_id != person.pk:
        raise NotFound
    said = words_of(words, field="appeal", needed=True)
    if sanction.appealed_at is not None:
        raise AppealedAlready
    if not sanction.is_in_force:
        raise NotInForce
    Sanction.objects.filter(pk=sanction.pk).update(appeal=said, appealed_at=Now())
    sanction.refresh_from_db(fields=["appeal", "appealed_at"])
    _record_on_person("moderation.appealed", sanction, person, {}, {"sanction": sanction.pk})
    return sanction


@transaction.atomic
def answer_appeal(*, sanction_id: int, granted: bool, words: str, actor: User) -> Sanction:
    """Grant an appeal, which ends the sanction, or let it stand. Raises `NotFound`, `AppealedAlready` (answered),
    `Forbidden` (oneself)."""
    sanction = _lock_sanction(sanction_id)
    _check_not_about(sanction.person_id, actor)
    if sanction.appealed_at is None:
        raise NotFound
    if sanction.answered_at is not None:
        raise AppealedAlready
    said = words_of(words, field="answer", needed=True)
    Sanction.objects.filter(pk=sanction.pk).update(answer=said, answered_at=Now(), granted=granted)
    sanction.refresh_from_db(fields=["answer", "answered_at", "granted"])
    after = {"sanction": sanction.pk, "granted": granted}
    _record_on_person("moderation.appeal_answered", sanction, actor, {"sanction": sanction.pk}, after)
    if granted and sanction.is_in_force:
        _end(sanction, actor)
    emit(AppealAnswered(sanction_id=sanction.pk, user_id=sanction.person_id), actor_id=actor.pk)
    return sanction


@transaction.atomic
def forget_person(*, user_id: int) -> None:
    """Forget what a deleted person wrote in reports and appeals, and what was kept of what they said.

    What waits for a decision about them is closed as gone, and what was decided ends; of a group that stays both are
    its next owner's. That it was decided stays on the record, of a tombstone (`accounts.invariants.KEPT`).
    """
    Report.objects.filter(reporter=user_id).exclude(details="").update(details="")
    waiting = Case.objects.open().filter(person=user_id).select_for_update(no_key=True)
    for case in waiting.order_by("pk"):
        if heir := _heir(case.target_kind, case.target_id, user_id):
            Case.objects.filter(pk=case.pk).update(person=heir)
        else:
            close_case(case, outcome=Case.Outcome.GONE, answer="", actor=None)
    Case.objects.filter(person=user_id).exclude(said="").update(said="")
    sanctions = Sanction.objects.filter(person=user_id)
    for sanction in sanctions.in_force().filter(measure=Measure.HIDE).order_by("pk"):
        if heir := _heir(sanction.target_kind, sanction.target_id or 0, user_id):
            _hand_on(sanction, heir)
    sanctions.update(appeal="", words="", answer="")
    sanctions.filter(answered_at=None).update(appealed_at=None)
    sanctions.in_force().update(ended_at=Now())


def _heir(kind: str, target_id: int, user_id: int) -> User | None:
    """Who answers now for a group that somebody left."""
    target = targets.found(kind, target_id) if kind == TargetKind.GROUP else None
    return target.person if target is not None and target.person.pk != user_id else None


def _hand_on(sanction: Sanction, heir: User) -> None:
    """It stays in force; its new person is told, and may appeal, whatever the old one did."""
    before = {"sanction": sanction.pk, "person": sanction.person_id}
    sanction.person = heir
    sanction.appeal, sanction.appealed_at = "", None
    sanction.answer, sanction.answered_at, sanction.granted = "", None, None
    sanction.save(update_fields=["person", "appeal", "appealed_at", "answer", "answered_at", "granted"])
    _record_on_person("moderation.sanction_handed_on", sanction, None, before, {"person": heir.pk})
    emit(SanctionImposed(sanction_id=sanction.pk, user_id=heir.pk))
