"""What goes with a person."""

from django.db import transaction
from django.db.models.functions import Now

from moderation.actions.cases import close_case
from moderation.models import Case, Report, Sanction


@transaction.atomic
def forget_person(*, user_id: int) -> None:
    """Forget what a deleted person wrote in reports and appeals, and what was kept of what they said.

    What waits for a decision about them is closed as gone, and what was decided ends. That it was decided stays on
    the record, of a tombstone (`accounts.invariants.KEPT`).
    """
    Report.objects.filter(reporter=user_id).exclude(details="").update(details="")
    waiting = Case.objects.open().filter(person=user_id).select_for_update(no_key=True)
    for case in waiting.order_by("pk"):
        close_case(case, outcome=Case.Outcome.GONE, answer="", actor=None)
    Case.objects.filter(person=user_id).exclude(said="").update(said="")
    sanctions = Sanction.objects.filter(person=user_id)
    sanctions.update(appeal="", words="", answer="")
    sanctions.filter(answered_at=None).update(appealed_at=None)
    sanctions.in_force().update(ended_at=Now())
