"""Counts of members that drifted are shown and mended, also while people come and go."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.tests.factories import person
from accounts.tests.test_follow_races import rounds
from groups import actions, tasks, upkeep
from groups.models import Group, GroupCounts, Membership
from groups.tests.factories import a_group, is_in
from groups.tests.test_membership import at_once
from socialnet.celery import app
from socialnet.outbox.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def counted(group: Group) -> int:
    return GroupCounts.objects.get(pk=group.pk).members


def drift(group: Group, members: int) -> None:
    GroupCounts.objects.filter(pk=group.pk).update(members=members)


@pytest.mark.parametrize("mend", [tasks.reconcile_recent_member_counts, tasks.reconcile_all_member_counts])
def test_planted_drift_is_mended(ada, ben, cleo, mend):
    group = a_group(ada)
    is_in(group, ben)
    is_in(group, cleo, status="pending")
    drift(group, 40)
    mend()
    assert counted(group) == 2
    assert upkeep.reconcile_all_member_counts() == 0


def test_the_hourly_job_looks_at_groups_that_somebody_joined_or_left(ada, ben, cleo):
    joined, left, quiet = (a_group(ada) for _each in range(3))
    is_in(left, ben)
    Event.objects.all().delete()
    actions.join_group(group=joined, person=cleo)
    actions.leave_group(group=left, person=ben)
    for group in (joined, left, quiet):
        drift(group, 40)
    assert upkeep.reconcile_recent_member_counts() == 2
    assert (counted(joined), counted(left), counted(quiet)) == (2, 1, 40)


def test_more_groups_than_a_batch_are_all_looked_at(ada, monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 2)
    groups = [a_group(ada) for _each in range(5)]
    for group in groups:
        drift(group, 9)
    assert upkeep.reconcile_all_member_counts() == 5
    assert [counted(group) for group in groups] == [1] * 5


@rounds
def test_mending_while_people_come_and_go_is_exact(ada, round_):
    group = a_group(ada)
    people = [person() for _each in range(6)]
    stay, go = people[:3], people[3:]
    is_in(group, *go)
    drift(group, 40)
    acts = [lambda person=person: actions.join_group(group=group, person=person) for person in stay]
    acts += [lambda person=person: actions.leave_group(group=group, person=person) for person in go]
    acts += [upkeep.reconcile_all_member_counts] * 2
    assert at_once(*acts) == []
    assert counted(group) == 4 == Membership.objects.active().filter(group=group).count()


def test_it_is_said_and_mended_by_the_command(ada, ben):
    group, bare = a_group(ada), a_group(ben)
    drift(group, 9)
    GroupCounts.objects.filter(pk=bare.pk).delete()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("diagnose", "counts", stdout=out)
    assert f"group {group.slug}" in out.getvalue() and "kept 9, the rows say 1" in out.getvalue()
    assert "no row of counts, the rows say 1" in out.getvalue()
    call_command("diagnose", "counts", "--repair", stdout=out)
    assert "mended the counts of 2 groups" in out.getvalue()
    assert (counted(group), counted(bare)) == (1, 1)
    call_command("diagnose", "counts", stdout=out)


def test_they_are_in_the_schedule():
    planned = {job["task"] for job in app.conf.beat_schedule.values()}
    assert {
        "groups.tasks.reconcile_recent_member_counts",
        "groups.tasks.reconcile_all_member_counts",
    } <= planned
