"""How PostgreSQL finds what is said in many groups, among many posts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import person
from feeds import group_posts, tasks
from feeds.candidates import rebuild
from feeds.models import Post
from feeds.selectors import home_page
from feeds.tests.factories import plant_many
from feeds.tests.test_indexes import analyze, plans_of
from groups.models import Group, GroupCounts, Membership
from socialnet.outbox.ids import id_at
from socialnet.outbox.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
GROUPS, EACH = 50, 40


@pytest.fixture
def member(ben: User) -> User:
    """Of fifty groups among three times as many, in each of which is said as much as by all others outside."""
    crowd = [person() for _each in range(8)]
    made = Group.objects.bulk_create(
        Group(slug=f"group-{number}", name=f"Group {number}") for number in range(3 * GROUPS)
    )
    GroupCounts.objects.bulk_create(GroupCounts(group=group, members=1, posts=EACH) for group in made)
    Membership.objects.bulk_create(Membership(group=group, user=ben) for group in made[:GROUPS])
    Membership.objects.bulk_create(
        Membership(group=group, user=one) for group in made[GROUPS:] for one in crowd[:2]
    )
    for number, group in enumerate(made):
        plant_many(crowd[number % 8], EACH, visibility="group", group=group)
    for one in crowd:
        plant_many(one, 500)
    analyze()
    return ben


def newest_by_walking(of: User) -> list[int]:
    mine = Membership.objects.active().filter(user=of).values_list("group_id", flat=True)
    return list(Post.objects.filter(group__in=list(mine)).order_by("-id").values_list("pk", flat=True)[:20])


def test_the_merge_of_groups_into_a_home_goes_down_their_index(member: User) -> None:
    ids = list(Membership.objects.filter(user=member).values_list("group_id", flat=True))
    found: list[int] = []
    plan = plans_of(lambda: found.extend(group_posts.posts_in(ids, before=None, count=20)))
    assert found == newest_by_walking(member)
    assert "post_by_group" in plan and "Seq Scan" not in plan
    assert not re.search(r"Bitmap", plan)


def test_a_cold_home_asks_the_same_way(member: User) -> None:
    def read() -> Any:
        return rebuild(member.pk), home_page(viewer=member, is_visit=False)

    plan = plans_of(read)
    assert "post_by_group" in plan and "Seq Scan on feeds_post" not in plan


def test_the_hourly_job_asks_what_happened_lately(member: User) -> None:
    long_ago = id_at(timezone.now() - timedelta(days=3))
    Event.objects.bulk_create(
        Event(pk=long_ago + number, name="feeds.post_deleted", payload={"post_id": number})
        for number in range(10_000)
    )
    analyze()
    plan = plans_of(tasks.reconcile_recent_post_counts)
    assert "Seq Scan on outbox_event" not in plan
