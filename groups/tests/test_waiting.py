"""Requests and invitations that come to nothing: nobody is stuck in one, and nobody is asked again and again."""

import pytest
from django.db.models.functions import Now

from accounts.actions import delete_person
from accounts.tests.factories import PASSWORD, Api, page_of
from groups import actions, export, selectors, tasks
from groups.models import DeclinedInvitation, Group, Membership
from groups.tests.factories import a_group, is_in
from socialnet.celery import app
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)
NOT_NOW = "This person cannot be invited to this group at the moment."


def status_of(group, person):
    return Membership.objects.filter(group=group, user=person).values_list("status", flat=True).first()


def slugs(person):
    told = Api(person)("GET", "groups?mine=1").json()["results"]
    assert [one["slug"] for one in told] == [
        seen.group.slug for seen in selectors.groups_of(person=person).items
    ]
    return [one["slug"] for one in told]


def inbox(person):
    return [one["type"] for one in Api(person)("GET", "notifications").json()["results"]]


# --- groups that nobody may know of any more -----------------------------------------------------------------


@pytest.mark.parametrize("door", ["page", "api"])
def test_requests_end_when_a_group_becomes_one_by_invitation(ada, ben, cleo, dora, door):
    group = a_group(ada, "private")
    is_in(group, cleo)
    is_in(group, dora, status="invited")
    actions.join_group(group=group, person=ben)
    drain()
    assert "group_request" in inbox(ada)
    if door == "api":
        assert Api(ada)("PATCH", f"groups/{group.slug}", {"privacy": "invite"}).status_code == 200
    else:
        form = {"name": group.name, "category": group.category, "privacy": "invite"}
        assert page_of(ada).post(f"/g/{group.slug}/settings", form).status_code == 302
    assert [status_of(group, one) for one in (ben, cleo, dora)] == [None, "active", "invited"]
    (ended,) = Event.objects.filter(name="groups.waiting_ended")
    assert ended.payload == {"group_id": group.pk, "user_id": ben.pk}
    drain()
    assert "group_request" not in inbox(ada)
    assert slugs(ben) == []
    assert broken() == []


def test_other_changes_end_no_request(ada, ben):
    group = a_group(ada, "private")
    actions.join_group(group=group, person=ben)
    actions.change_group(group=group, actor=ada, name="Bread")
    actions.change_group(group=group, actor=ada, privacy="public")
    assert status_of(group, ben) == "pending"
    assert Api(ben)("PUT", f"groups/{group.slug}/membership").json()["my_status"] == "active"


def test_a_request_left_from_before_tells_nothing_of_the_group(ada, ben):
    group = a_group(ada, "private")
    actions.join_group(group=group, person=ben)
    Group.objects.filter(pk=group.pk).update(privacy="invite", name="Very secret name")
    assert slugs(ben) == []
    assert "Very secret name" not in page_of(ben).get("/groups").content.decode()
    part, _declined = export.parts(ben.pk)
    assert list(part.rows) == []
    actions.change_group(group=group, actor=ada, description="Only for us")
    assert status_of(group, ben) is None


# --- who declined -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["page", "api"])
def test_who_declined_is_left_alone_by_the_group(ada, ben, cleo, door):
    group, other = a_group(ada, "invite"), a_group(ada, "invite")
    is_in(group, cleo, role="moderator")
    actions.invite_person(group=group, actor=ada, person=ben)
    if door == "api":
        assert Api(ben)("DELETE", f"groups/{group.slug}/membership").status_code == 204
    else:
        page_of(ben).post(f"/g/{group.slug}/leave")
    drain()
    for inviter in (ada, cleo):
        refused = Api(inviter)("PUT", f"groups/{group.slug}/invitations/ben")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_to_be_invited")
        assert refused.json()["detail"] == NOT_NOW
        answer = page_of(inviter).post(f"/g/{group.slug}/invite", {"username": "ben"}, follow=True)
        assert NOT_NOW in answer.content.decode()
    drain()
    assert status_of(group, ben) is None
    assert inbox(ben) == []
    assert Api(ada)("PUT", f"groups/{other.slug}/invitations/ben").status_code == 200


def test_after_a_while_they_may_be_invited_again(ada, ben):
    group = a_group(ada, "invite")
    actions.invite_person(group=group, actor=ada, person=ben)
    actions.leave_group(group=group, person=ben)
    tasks.forget_declined_invitations()
    assert DeclinedInvitation.objects.exists()
    DeclinedInvitation.objects.update(declined_at="2020-01-01T00:00Z")
    actions.invite_person(group=group, actor=ada, person=ben)
    actions.leave_group(group=group, person=ben)  # and then not, from that day on
    assert Api(ada)("PUT", f"groups/{group.slug}/invitations/ben").status_code == 409
    DeclinedInvitation.objects.update(declined_at="2020-01-01T00:00Z")
    tasks.forget_declined_invitations()
    assert not DeclinedInvitation.objects.exists()
    jobs = {job["task"] for job in app.conf.beat_schedule.values()}
    assert "groups.tasks.forget_declined_invitations" in jobs


def test_an_invitation_taken_back_is_not_declined(ada, ben):
    group = a_group(ada)
    actions.invite_person(group=group, actor=ada, person=ben)
    actions.remove_member(group=group, actor=ada, person=ben)
    assert Api(ada)("PUT", f"groups/{group.slug}/invitations/ben").status_code == 200


def test_who_comes_by_themselves_may_be_invited_again(ada, ben):
    group = a_group(ada)
    actions.invite_person(group=group, actor=ada, person=ben)
    actions.leave_group(group=group, person=ben)
    assert Api(ben)("PUT", f"groups/{group.slug}/membership").status_code == 200
    actions.leave_group(group=group, person=ben)
    assert Api(ada)("PUT", f"groups/{group.slug}/invitations/ben").status_code == 200


def test_what_is_kept_of_it_is_ones_own_and_goes(ada, ben, cleo):
    group, gone = a_group(ada, "invite", slug="bread"), a_group(cleo, "invite")
    for one, owner in ((group, ada), (gone, cleo)):
        actions.invite_person(group=one, actor=owner, person=ben)
        actions.leave_group(group=one, person=ben)
    actions.delete_group(group=gone, actor=cleo)
    _groups, declined = export.parts(ben.pk)
    assert (declined.name, [row["slug"] for row in declined.rows]) == ("declined-invitations.json", ["bread"])
    assert list(next(part for part in export.parts(ada.pk) if part.name == declined.name).rows) == []
    delete_person(user=ben, password=PASSWORD)
    drain()
    assert not DeclinedInvitation.objects.exists()
    assert broken() == []


def test_the_clock_of_the_database_decides(ada, ben):
    group = a_group(ada)
    DeclinedInvitation.objects.create(group=group, user=ben, declined_at=Now())
    assert DeclinedInvitation.objects.lately().count() == 1
    assert DeclinedInvitation.objects.over().count() == 0
