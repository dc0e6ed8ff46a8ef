"""Nobody is in more groups than one can be, whoever lets them in."""

import pytest

from accounts.tests.factories import Api, page_of, person
from accounts.tests.test_follow_races import at_once, rounds
from groups import actions
from groups.actions import ground
from groups.models import Membership
from groups.tests.factories import a_group

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(ground, "GROUPS_MOST", 2)


def asked_by(ben, many):
    """Private groups of as many owners, in which ben asks to be."""
    groups = [a_group(person(), "private") for _each in range(many)]
    for group in groups:
        actions.join_group(group=group, person=ben)
    return [(group, Membership.objects.get(group=group, role="owner").user) for group in groups]


def how_many(ben):
    return Membership.objects.active().filter(user=ben).count()


def test_requests_are_accepted_only_while_there_is_room(ben, small):
    (one, first), (two, second), (three, third) = asked_by(ben, 3)
    path = f"members/{ben.username}"
    assert Api(first)("PATCH", f"groups/{one.slug}/{path}", {"status": "active"}).status_code == 200
    page_of(second).post(f"/g/{two.slug}/{path}", {"do": "accept"})
    assert how_many(ben) == 2
    refused = Api(third)("PATCH", f"groups/{three.slug}/{path}", {"status": "active"})
    assert (refused.status_code, refused.json()["code"]) == (400, "group_limit")
    assert refused.json()["detail"] == "This person is in as many groups as one can be."
    browser = page_of(third)
    answer = browser.post(f"/g/{three.slug}/{path}", {"do": "accept"}, follow=True)
    assert "This person is in as many groups as one can be." in answer.content.decode()
    refused = Api(third)("PUT", f"groups/{three.slug}/invitations/{ben.username}")
    assert (refused.status_code, refused.json()["code"]) == (400, "group_limit")
    answer = browser.post(f"/g/{three.slug}/invite", {"username": ben.username}, follow=True)
    assert "This person is in as many groups as one can be." in answer.content.decode()
    assert how_many(ben) == 2
    assert Membership.objects.get(group=three, user=ben).status == "pending"
    actions.leave_group(group=one, person=ben)
    actions.accept_request(group=three, actor=third, person=ben)
    assert how_many(ben) == 2


@rounds
def test_of_many_who_let_somebody_in_at_once_as_many_do_as_there_is_room(ben, small, round_):
    asked = asked_by(ben, 4)
    acts = [
        lambda group=group, owner=owner: actions.accept_request(group=group, actor=owner, person=ben)
        for group, owner in asked[:2]
    ]
    acts += [
        lambda group=group, owner=owner: actions.invite_person(group=group, actor=owner, person=ben)
        for group, owner in asked[2:]
    ]
    codes = [getattr(one, "code", "in") for one in at_once(*acts)]
    assert sorted(codes) == ["group_limit", "group_limit", "in", "in"]
    assert how_many(ben) == 2
