"""What is done about people, and its end."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import actions as accounts
from accounts.errors import InvalidFields
from accounts.models import User
from accounts.selectors import is_ahead
from moderation import targets
from moderation.actions.words import words_of
from moderation.errors import NotAgainstStaff, NotInForce
from moderation.events import SanctionEnded, SanctionImposed
from moderation.models import DATED, SHUT_OUT, Case, Measure, Sanction
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.outbox.actions import emit, record

BATCH = 100


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
    check_not_about(person.pk, actor)
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
    record_on_person("moderation.sanction_imposed", sanction, actor, {}, after)
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


def check_not_about(person_id: int | None, actor: User | None) -> None:
    """Nobody judges themselves, whatever they may do otherwise."""
    if actor is not None and person_id == actor.pk:
        raise Forbidden(_("This is about yourself. Somebody else decides it."))


@transaction.atomic
def end_sanction(*, sanction_id: int, actor: User | None) -> Sanction:
    """It is over, before its time or because that has come (`actor` is None then); what it did is undone.

    What another sanction in force asks for stays as it is. Raises `NotFound`, `NotInForce`, `Forbidden` (oneself).
    """
    sanction = lock_sanction(sanction_id)
    check_not_about(sanction.person_id, actor)
    return end_locked(sanction, actor)


def end_locked(sanction: Sanction, actor: User | None) -> Sanction:
    if not sanction.is_in_force:
        raise NotInForce
    # Whoever imposes or ends something about this person holds this lock, so the last of several sees that it is.
    person = User.objects.select_for_update(no_key=True).get(pk=sanction.person_id)
    Sanction.objects.filter(pk=sanction.pk).update(ended_at=Now())
    sanction.refresh_from_db(fields=["ended_at"])
    if person.is_active:
        _undo(sanction, person, actor)
    before = {"measure": sanction.measure, "sanction": sanction.pk}
    record_on_person("moderation.sanction_ended", sanction, actor, before, {"measure": ""})
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
    check_not_about(person.pk, actor)
    locked = _lock_shut_out(person.pk)
    for sanction in locked:
        end_locked(sanction, actor)
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
    end_locked(sanction, None)
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


def lock_sanction(sanction_id: int) -> Sanction:
    sanction = Sanction.objects.select_for_update(no_key=True, of=["self"]).filter(pk=sanction_id).first()
    if sanction is None:
        raise NotFound
    return sanction


def record_on_person(
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
