"""Reports, by people and by screening: gathered in the open case of what they are about."""

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.errors import InvalidFields
from accounts.models import User
from moderation import targets
from moderation.actions.words import words_of
from moderation.errors import OwnReport
from moderation.events import CaseOfGroup
from moderation.in_groups import routing
from moderation.models import DETAILS_MAX, Case, Reason, Report
from moderation.targets import Target
from socialnet.outbox.actions import emit


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
