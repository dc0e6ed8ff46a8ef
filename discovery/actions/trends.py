"""What moderators decide about trends: held appears nowhere in them, allowed is shown although it waited for somebody
to look."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from discovery.models import TrendRuling
from discovery.trends import reading
from socialnet.outbox.actions import record

_NONE = ""


@transaction.atomic
def rule_on_trend(*, kind: str, subject_id: int, verdict: str, actor: User) -> None:
    """Hold or allow a tag, post or person as a trend, or, with an empty `verdict`, take the decision back.

    Repeating it changes nothing. Who decided what, and what stood before, is in the record of acts.
    """
    rulings = TrendRuling.objects.about(kind, subject_id)
    before = rulings.select_for_update().values_list("verdict", flat=True).first() or _NONE
    if before == verdict:
        return
    if verdict:
        decided = {"verdict": verdict, "decided_by": actor, "decided_at": Now()}
        TrendRuling.objects.update_or_create(kind=kind, subject_id=subject_id, defaults=decided)
    else:
        rulings.delete()
    record(
        "discovery.rule_on_trend",
        actor_id=actor.pk,
        target_type=kind,
        target_id=subject_id,
        before={"verdict": before},
        after={"verdict": verdict},
    )
    reading.drop(kind)
