"""A group that was reported or hidden, and is somebody else's by now: what is decided is about who answers for it."""

from typing import Any

import pytest

from accounts.actions import erase_person
from accounts.models import User
from accounts.tests.factories import Api, page_of
from groups import actions as groups
from groups.models import Group, Membership
from groups.tests.factories import a_group, is_in
from moderation import actions
from moderation.models import Case, Sanction
from notifications.models import Notification
from socialnet.kernel.errors import Forbidden
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(ada: User, ben: User) -> Group:
    group = a_group(ada, slug="watches")
    is_in(group, ben)
    return group


def reported(group: Group, by: User) -> Case:
    return actions.report_target(kind="group", ident=group.slug, reporter=by, reason="spam").case


def hand_over(group: Group, ada: User, to: User) -> None:
    groups.set_role(group=group, actor=ada, person=to, role="owner")
    groups.leave_group(group=group, person=ada)


def told(kind: str = "sanction") -> list[str]:
    drain()
    names = Notification.objects.filter(kind=kind).values_list("recipient__username", flat=True)
    return sorted({*names})


def test_who_has_it_now_is_told_and_may_appeal(
    ada: User, ben: User, cleo: User, mod: User, group: Group
) -> None:
    case = reported(group, cleo)
    hand_over(group, ada, ben)
    page = page_of(mod).get(f"/admin/moderation/case/{case.pk}/change/").content.decode()
    assert "@ben" in page and "@ada" not in page
    actions.decide_case(case_id=case.pk, outcome="hide", actor=mod, words="No.")
    assert told() == ["ben"]
    sanction = Sanction.objects.get()
    assert sanction.person == ben and Api(ada)("GET", "me/sanctions").json()["results"] == []
    appeal = {"appeal": "I cleaned up."}
    assert Api(ada)("POST", f"me/sanctions/{sanction.pk}/appeal", appeal).status_code == 404
    assert Api(ben)("POST", f"me/sanctions/{sanction.pk}/appeal", appeal).status_code == 201
    assert broken(sample=20) == []


def test_a_moderator_who_has_it_now_does_not_decide(ada: User, cleo: User, mod: User, group: Group) -> None:
    is_in(group, mod)
    case = reported(group, cleo)
    hand_over(group, ada, mod)
    assert (
        "somebody else"
        in page_of(mod).get(f"/admin/moderation/case/{case.pk}/change/").content.decode().lower()
    )
    with pytest.raises(Forbidden):
        actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod)


def test_a_case_about_a_group_that_stays_waits_on(
    ada: User, ben: User, cleo: User, mod: User, group: Group
) -> None:
    case = reported(group, cleo)
    erase_person(user=ada)
    drain()
    case.refresh_from_db()
    assert (case.is_open, case.person, case.said) == (True, ben, group.name)
    assert broken(sample=20) == []


@pytest.mark.parametrize("appealed", ["no", "waits", "refused"])
def test_a_hidden_group_is_handed_on_hidden_and_can_be_shown_again(
    ada: User, ben: User, cleo: User, mod: User, group: Group, appealed: str
) -> None:
    case = reported(group, cleo)
    actions.decide_case(case_id=case.pk, outcome="hide", actor=mod, words="Only advertising.")
    sanction = Sanction.objects.get()
    if appealed != "no":
        actions.appeal_sanction(sanction_id=sanction.pk, person=ada, words="Mine, all mine")
    if appealed == "refused":
        actions.answer_appeal(sanction_id=sanction.pk, granted=False, words="No, Ada", actor=mod)
    drain()
    erase_person(user=ada)
    drain()
    group.refresh_from_db()
    sanction.refresh_from_db()
    assert group.hidden_at is not None
    assert sanction.is_in_force and (sanction.person, sanction.words) == (ben, "Only advertising.")
    assert (sanction.appeal, sanction.answer, sanction.may_be_appealed) == ("", "", True)
    assert "ben" in told() and broken(sample=20) == []
    act = AuditEntry.objects.get(act="moderation.sanction_handed_on")
    assert (act.target_id, act.before["person"], act.actor_id) == (ben.pk, ada.pk, None)
    shown = Api(ben)("GET", "me/sanctions").json()["results"][0]
    assert (shown["reason"], shown["appealed_at"], shown["granted"]) == ("Only advertising.", None, None)
    actions.appeal_sanction(sanction_id=sanction.pk, person=ben, words="I cleaned up.")
    actions.answer_appeal(sanction_id=sanction.pk, granted=True, words="So it is.", actor=mod)
    group.refresh_from_db()
    assert group.hidden_at is None
    assert Api(cleo)("GET", f"groups/{group.slug}").status_code == 200 and broken(sample=20) == []


def test_of_a_group_without_anybody_nothing_is_left_to_decide(
    ada: User, ben: User, cleo: User, mod: User, group: Group
) -> None:
    Membership.objects.filter(user=ben).delete()
    actions.decide_case(case_id=reported(group, cleo).pk, outcome="hide", actor=mod, words="No.")
    erase_person(user=ada)
    drain()
    sanction: Any = Sanction.objects.get()
    assert not sanction.is_in_force and sanction.person_id == ada.pk
