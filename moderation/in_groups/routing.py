"""Which cases a group's own moderators decide, and how one becomes the site's."""

from django.db.models.functions import Now

from accounts.models import User
from groups.models import Group, Membership
from moderation.models import Case, Reason
from socialnet.outbox.actions import record

# What somebody may come to harm by, or what the site answers for before the law.
AT_ONCE = frozenset({Reason.VIOLENCE, Reason.SEXUAL, Reason.SELF_HARM, Reason.ILLEGAL})


def why_site(case: Case, *, reason: str, to_site: bool) -> str:
    """Why a case from a group that is reported for `reason` is the site's at once; nothing if it is the group's."""
    if to_site:
        return Case.Escalation.ASKED
    if reason in AT_ONCE:
        return Case.Escalation.REASON
    if case.group_id is None:
        return ""
    if case.person_id is not None and is_staff_of(case.group_id, case.person_id):
        return Case.Escalation.STAFF
    if not Group.objects.standing().filter(pk=case.group_id).exists():
        return Case.Escalation.GONE
    return ""


def is_staff_of(group_id: int, user_id: int) -> bool:
    """Whether this person owns or moderates the group."""
    mine = Membership.objects.active().filter(group=group_id, user=user_id)
    return mine.exclude(role=Membership.Role.MEMBER).exists()


def escalate(case: Case, *, why: str, actor: User | None) -> None:
    """Give a locked case to the site's moderators; `actor` is None where nobody decided that."""
    Case.objects.filter(pk=case.pk).update(escalated_at=Now(), escalation=why)
    case.refresh_from_db(fields=["escalated_at", "escalation"])
    record(
        "moderation.case_escalated",
        actor_id=actor.pk if actor else None,
        target_type="case",
        target_id=case.pk,
        after={"group": case.group_id, "why": why},
    )


def take_over(case: Case, *, actor: User) -> None:
    """A moderator of the site sees to a locked case that may be with a group's."""
    if case.is_with_group:
        escalate(case, why=Case.Escalation.TAKEN, actor=actor)
