"""Several at once about a case from a group: one decision, by the group or by the site, never both."""

import pytest

from accounts.models import User
from accounts.tests.factories import person
from accounts.tests.test_follow_races import at_once, rounds
from feeds.actions import publish_post
from groups.models import Group, GroupCounts, Membership
from groups.tests.factories import a_group, is_in
from moderation import actions
from moderation.in_groups.actions import decide_in_group, escalate_due
from moderation.models import Case, Report, Sanction
from socialnet.kernel.errors import DomainError
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def reported() -> tuple[Group, Case, User, User]:
    """A group with a case, its owner and its moderator."""
    ada, ben, cleo, eve = (person() for _ in range(4))
    group = a_group(ada)
    is_in(group, ben, role="moderator")
    is_in(group, cleo, eve)
    post = publish_post(author=cleo, group=group, content="Buy my flour")
    case = actions.report_target(kind="post", ident=str(post.pk), reporter=eve, reason="spam").case
    return group, case, ada, ben


def make_due(case: Case) -> Case:
    Report.objects.filter(case=case).delete()
    Case.objects.filter(pk=case.pk).update(id=1, reports=0)
    return Case.objects.get(pk=1)


def judging(group: Group, case: Case, by: User, outcome: str) -> Case:
    return decide_in_group(group=group, case_id=case.pk, outcome=outcome, actor=by, words="No selling.")


@rounds
def test_two_moderators_decide_at_once_and_one_does(round_: int) -> None:
    group, case, ada, ben = reported()
    results = at_once(
        lambda: judging(group, case, ada, "exclude"), lambda: judging(group, case, ben, "remove")
    )
    assert sorted(getattr(result, "code", "") for result in results) == ["", "case_closed"]
    assert Sanction.objects.count() == 1
    assert AuditEntry.objects.filter(act="moderation.case_closed").count() == 1
    members = Membership.objects.active().filter(group=group).count()
    assert GroupCounts.objects.get(pk=group.pk).members == members == 3
    drain()
    assert broken(sample=20) == []


@rounds
def test_a_decision_while_it_escalates_is_the_groups_or_the_sites(round_: int) -> None:
    group, case, ada, _ben = reported()
    case = make_due(case)
    decision, *counts = at_once(lambda: judging(group, case, ada, "nothing"), escalate_due, escalate_due)
    case.refresh_from_db()
    if isinstance(decision, DomainError):
        assert decision.code == "case_with_site"
        assert case.is_open and case.escalation == "time" and sum(counts) == 1
    else:
        assert case.outcome == "nothing" and case.escalation == "" and sum(counts) == 0
    assert (
        AuditEntry.objects.filter(act__in=["moderation.case_closed", "moderation.case_escalated"]).count()
        == 1
    )


@rounds
def test_a_decision_of_the_group_and_of_the_site_at_once_is_one(round_: int) -> None:
    group, case, ada, _ben = reported()
    mod = person("mod", is_staff=True)
    results = at_once(
        lambda: judging(group, case, ada, "hide"),
        lambda: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
    )
    lost = [result.code for result in results if isinstance(result, DomainError)]
    assert lost == ["case_closed"]
    case.refresh_from_db()
    assert (case.outcome, case.escalation) in (("hide", ""), ("nothing", "taken"))


@rounds
def test_a_grave_report_while_the_group_decides_is_in_its_case_or_a_new_one(round_: int) -> None:
    group, case, ada, _ben = reported()
    fay = person()
    is_in(group, fay)
    at_once(
        lambda: judging(group, case, ada, "nothing"),
        lambda: actions.report_target(kind="post", ident=str(case.target_id), reporter=fay, reason="illegal"),
    )
    case.refresh_from_db()
    fresh = Case.objects.open().get()
    assert fresh.escalation == "reason" and fresh.reports == (2 if fresh == case else 1)


@rounds
def test_jobs_that_escalate_at_once_share_the_work(round_: int) -> None:
    _group, case, _ada, _ben = reported()
    make_due(case)
    assert sum(at_once(escalate_due, escalate_due, escalate_due)) == 1
