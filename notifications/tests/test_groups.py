"""Who is invited to a group hears of it, who may answer of a request, and who asked that they were let in."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import block_user, delete_person
from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, page_of
from groups import actions as groups
from groups.models import Group
from groups.tests.factories import a_group, is_in
from notifications.models import ChannelDelivery, Notification, Preference
from notifications.selectors import inbox_page
from socialnet.kernel.invariants import broken
from socialnet.outbox import deliveries
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def inbox(viewer: User) -> list[str]:
    drain()
    return [item.text for item in inbox_page(viewer=viewer).items]


def invite(group: Group, actor: User, person: User) -> None:
    groups.invite_person(group=group, actor=actor, person=person)


def test_the_invited_hear_of_it_at_once(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada, "invite")
    for _twice in range(2):
        invite(group, ada, ben)
    assert inbox(ben) == [f"Ada invites you to the group {group.name}"]
    assert (inbox(ada), inbox(cleo)) == ([], [])
    (item,) = inbox_page(viewer=ben).items
    assert item.url == f"/g/{group.slug}"
    assert Notification.objects.get(recipient=ben).told_at is not None
    html = page_of(ben).get("/notifications").content.decode()
    assert group.name in html and f'href="/g/{group.slug}"' in html
    (told,) = Api(ben)("GET", "notifications").json()["results"]
    assert (told["type"], told["text"], told["group"]) == ("group_invitation", item.text, group.slug)
    assert Api()("GET", "notifications").status_code == 401


def decline(group: Group, ada: User, ben: User) -> None:
    groups.leave_group(group=group, person=ben)


def withdraw(group: Group, ada: User, ben: User) -> None:
    groups.remove_member(group=group, actor=ada, person=ben)


def ban(group: Group, ada: User, ben: User) -> None:
    groups.ban_person(group=group, actor=ada, person=ben)


def delete(group: Group, ada: User, ben: User) -> None:
    groups.delete_group(group=group, actor=ada)


def join(group: Group, ada: User, ben: User) -> None:
    groups.join_group(group=group, person=ben)


def block(group: Group, ada: User, ben: User) -> None:
    block_user(blocker=ben, blocked=ada)


@pytest.mark.parametrize("end", [decline, withdraw, ban, delete, join, block])
@pytest.mark.parametrize("is_told", [True, False])
def test_an_invitation_that_is_over_is_no_news(
    ada: User, ben: User, end: Callable[[Group, User, User], None], is_told: bool
) -> None:
    group = a_group(ada, "private")
    invite(group, ada, ben)
    if is_told:
        assert len(inbox(ben)) == 1
    end(group, ada, ben)
    assert inbox(ben) == []
    assert not ChannelDelivery.objects.filter(state="owed").exists()
    assert broken() == []


def test_a_request_is_news_for_who_may_answer(ada: User, ben: User, cleo: User, dora: User) -> None:
    group = a_group(ada, "private")
    is_in(group, ben, role="moderator")
    is_in(group, cleo)
    for _twice in range(2):
        groups.join_group(group=group, person=dora)
    said = f"Dora asks to join the group {group.name}"
    assert (inbox(ada), inbox(ben), inbox(cleo), inbox(dora)) == ([said], [said], [], [])
    assert inbox_page(viewer=ben).items[0].url == f"/g/{group.slug}/requests"
    groups.set_role(group=group, actor=ada, person=ben, role="member")
    assert (inbox(ada), inbox(ben)) == ([said], [])


def accept(group: Group, ada: User, dora: User) -> None:
    groups.accept_request(group=group, actor=ada, person=dora)


@pytest.mark.parametrize("end", [decline, withdraw, ban, delete, accept, invite])
def test_a_request_that_is_answered_or_taken_back_is_no_news(
    ada: User, ben: User, dora: User, end: Callable[[Group, User, User], None]
) -> None:
    group = a_group(ada, "private")
    is_in(group, ben, role="moderator")
    groups.join_group(group=group, person=dora)
    assert len(inbox(ada)) == len(inbox(ben)) == 1
    end(group, ada, dora)
    assert (inbox(ada), inbox(ben)) == ([], [])
    is_let_in = end in (accept, invite)
    assert inbox(dora) == ([f"Ada let you into the group {group.name}"] if is_let_in else [])


def test_who_is_put_out_again_was_not_let_in(ada: User, dora: User) -> None:
    group = a_group(ada, "private")
    groups.join_group(group=group, person=dora)
    accept(group, ada, dora)
    assert len(inbox(dora)) == 1
    withdraw(group, ada, dora)
    assert inbox(dora) == []


def test_joining_by_oneself_is_no_news(ada: User, ben: User, cleo: User) -> None:
    group, other = a_group(ada), a_group(ada, "private")
    join(group, ada, ben)
    groups.join_group(group=other, person=cleo)
    groups.change_group(group=other, actor=ada, privacy="public")
    groups.join_group(group=other, person=cleo)
    assert (inbox(ada), inbox(ben), inbox(cleo)) == ([], [], [])


def test_who_is_deleted_asks_no_longer(ada: User, dora: User) -> None:
    group = a_group(ada, "private")
    groups.join_group(group=group, person=dora)
    assert len(inbox(ada)) == 1
    delete_person(user=dora, password=PASSWORD)
    assert inbox(ada) == []


def test_who_wants_to_hear_of_no_invitations_does_not(ada: User, ben: User) -> None:
    Preference.objects.create(user=ben, kind="group_invitation", pace="off", ways=[])
    invite(a_group(ada), ada, ben)
    assert inbox(ben) == []


@pytest.mark.parametrize("seed", range(5))
def test_in_any_order_and_twice_it_ends_the_same(ada: User, ben: User, cleo: User, seed: int) -> None:
    """ben is invited, ada takes it back, and invites him again; cleo asks, takes it back, asks, and is let in."""
    group = a_group(ada, "private")
    invite(group, ada, ben)
    groups.remove_member(group=group, actor=ada, person=ben)
    invite(group, ada, ben)
    groups.join_group(group=group, person=cleo)
    decline(group, ada, cleo)
    groups.join_group(group=group, person=cleo)
    accept(group, ada, cleo)
    ours = Delivery.objects.filter(handler__in=["notifications.note_groups", "notifications.forget_groups"])
    waiting = list(ours) * 2
    random.Random(seed).shuffle(waiting)
    for one in waiting:
        Delivery.objects.filter(pk=one.pk).update(state=Delivery.State.OPEN)
        deliveries.run(one.handler, [one.pk])
    assert inbox(ben) == [f"Ada invites you to the group {group.name}"]
    assert inbox(cleo) == [f"Ada let you into the group {group.name}"]
    assert inbox(ada) == []
    assert broken() == []


def test_the_inbox_costs_the_same_for_one_group_and_for_four(
    ada: User, ben: User, django_assert_num_queries: Any
) -> None:
    invite(a_group(ada), ada, ben)
    assert len(inbox(ben)) == 1
    with CaptureQueriesContext(connection) as caught:
        inbox_page(viewer=ben)
    for _each in range(3):
        invite(a_group(ada), ada, ben)
    drain()
    with django_assert_num_queries(len(caught)):
        assert len(inbox_page(viewer=ben).items) == 4
