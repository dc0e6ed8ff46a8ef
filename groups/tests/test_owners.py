"""A group has an owner who can act, or moderators of the site can give it one."""

import pytest
from django.contrib.auth.models import Permission

from accounts.actions import begin_leaving, delete_person, suspend_user
from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, page_of
from groups.models import Group, Membership
from groups.tests.factories import a_group, is_in
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/groups/membership/"


def roles(group):
    return dict(Membership.objects.filter(group=group).values_list("user__username", "role"))


def away(person, how="suspended"):
    if how == "suspended":
        suspend_user(user=person, actor=None)
    else:
        begin_leaving(user=person, password=PASSWORD)
    drain()


@pytest.mark.parametrize("how", ["suspended", "leaving"])
def test_the_last_owner_who_can_act_does_not_leave(ada, ben, how):
    group = a_group(ada)
    is_in(group, ben, role="owner")
    away(ben, how)
    answer = Api(ada)("DELETE", f"groups/{group.slug}/membership")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    page_of(ada).post(f"/g/{group.slug}/leave")
    me = f"groups/{group.slug}/members/ada"
    assert Api(ada)("PATCH", me, {"role": "member"}).status_code == 409
    page_of(ada).post(f"/g/{group.slug}/members/ada", {"do": "moderator"})
    assert roles(group) == {"ada": "owner", "ben": "owner"}


def test_an_heir_can_act(ada, ben, cleo, dora):
    """The moderator is shut out, and so is the member who is longest in it."""
    group = a_group(ada)
    is_in(group, ben, role="moderator")
    is_in(group, cleo, dora)
    away(ben)
    away(cleo)
    delete_person(user=ada, password=PASSWORD)
    drain()
    assert roles(group) == {"ben": "moderator", "cleo": "member", "dora": "owner"}


def test_an_owner_who_is_shut_out_is_no_heir_while_somebody_can_act(ada, ben, cleo):
    group = a_group(ada)
    is_in(group, ben, role="owner")
    is_in(group, cleo)
    away(ben)
    delete_person(user=ada, password=PASSWORD)
    drain()
    assert roles(group) == {"ben": "owner", "cleo": "owner"}


def test_where_nobody_can_act_the_first_in_line_owns_it_all_the_same(ada, ben, cleo):
    group = a_group(ada)
    is_in(group, ben)
    is_in(group, cleo, role="moderator")
    away(ben)
    away(cleo)
    delete_person(user=ada, password=PASSWORD)
    drain()
    assert roles(group) == {"ben": "member", "cleo": "owner"}
    assert broken() == []


# --- moderators of the site ---------------------------------------------------------------------------------


@pytest.fixture
def staff(mod):
    User.objects.filter(pk=mod.pk).update(is_superuser=False)
    mod = User.objects.get(pk=mod.pk)
    names = ["view_group", "view_membership", "change_membership"]
    mod.user_permissions.set(Permission.objects.filter(codename__in=names))
    return mod


def chosen(membership):
    return {"action": "make_owner", "_selected_action": [membership.pk]}


def test_moderators_of_the_site_give_a_group_that_nobody_looks_after_to_a_member(ada, ben, cleo, staff):
    group, other = a_group(ada), a_group(cleo)
    is_in(group, ben)
    away(ada)
    browser = page_of(staff)
    listed = browser.get("/admin/groups/group/?owner=away").content.decode()
    assert group.slug in listed
    assert other.slug not in listed
    mine = Membership.objects.get(group=group, user=ben)
    answer = browser.post(LIST, chosen(mine), follow=True)
    assert f"@ben owns {group.slug} now." in answer.content.decode()
    assert roles(group) == {"ada": "owner", "ben": "owner"}
    entry = AuditEntry.objects.get(act="groups.role")
    assert (entry.actor_id, entry.target_id) == (staff.pk, group.pk)
    assert not Group.objects.without_acting_owner().exists()
    assert Api(ben)("PATCH", f"groups/{group.slug}", {"name": "Ours"}).status_code == 200


def test_they_give_away_no_group_that_somebody_looks_after(ada, ben, cleo, staff):
    group = a_group(ada)
    is_in(group, ben)
    is_in(group, cleo, status="pending")
    answer = page_of(staff).post(LIST, chosen(Membership.objects.get(group=group, user=ben)), follow=True)
    assert "An owner of this group can act." in answer.content.decode()
    away(ada)
    page_of(staff).post(LIST, chosen(Membership.objects.get(group=group, user=cleo)))
    staff.user_permissions.remove(Permission.objects.get(codename="change_membership"))
    looks_only = page_of(User.objects.get(pk=staff.pk))
    looks_only.post(LIST, chosen(Membership.objects.get(group=group, user=ben)))
    assert roles(group) == {"ada": "owner", "ben": "member", "cleo": "member"}


def test_who_is_shut_out_is_given_no_group(ada, ben, staff):
    group = a_group(ada)
    is_in(group, ben)
    away(ada)
    away(ben)
    page_of(staff).post(LIST, chosen(Membership.objects.get(group=group, user=ben)))
    assert roles(group) == {"ada": "owner", "ben": "member"}
