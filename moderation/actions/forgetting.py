"""What goes with a person."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from moderation import targets
from moderation.actions.cases import close_case
from moderation.actions.sanctions import record_on_person
from moderation.events import SanctionImposed
from moderation.models import Case, Measure, Report, Sanction, TargetKind
from socialnet.outbox.actions import emit


@transaction.atomic
def forget_person(*, user_id: int) -> None:
    """Forget what a deleted person wrote in reports and appeals, and what was kept of what they said.

    What waits for a decision about them is closed as gone, and what was decided ends; of a group that stays both are
    its next owner's. That it was decided stays on the record, of a tombstone (`accounts.invariants.KEPT`).
    """
    Report.objects.filter(reporter=user_id).exclude(details="").update(details="")
    waiting = Case.objects.open().filter(person=user_id).select_for_update(no_key=True)
    for case in waiting.order_by("pk"):
        heir = None if case.is_screened else _heir(case.target_kind, case.target_id, user_id)
        if heir:  # what screening found in somebody's words stays theirs, and goes with them
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
    record_on_person("moderation.sanction_handed_on", sanction, None, before, {"person": heir.pk})
    emit(SanctionImposed(sanction_id=sanction.pk, user_id=heir.pk))
