"""How PostgreSQL finds what waits in a group, and what has waited too long, among many cases."""

import pytest

from accounts.models import User
from accounts.tests.factories import person
from feeds.actions import publish_post
from feeds.tests.test_indexes import analyze, plans_of
from groups.models import Group, Membership
from groups.selectors import SeenGroup, get_visible_group
from groups.tests.factories import a_group
from moderation import selectors
from moderation.in_groups.actions import _due
from moderation.in_groups.selectors import queue_of, waiting_in
from moderation.models import Case
from notifications import causes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seen(ada: User, cleo: User) -> SeenGroup:
    """A group with ten cases that wait; ten thousand are with the site, a thousand with other groups."""
    group = a_group(ada)
    others = [a_group(person()) for _each in range(20)]
    plant(cleo, group, 10)
    for other in others:
        plant(cleo, other, 50)
    Case.objects.bulk_create(
        Case(target_kind="user", target_id=10**9 + number, person=cleo, reason="spam", reports=1 + number % 7)
        for number in range(10_000)
    )
    analyze()
    return get_visible_group(group.slug, viewer=ada)


def plant(of: User, group: Group, many: int) -> None:
    Case.objects.bulk_create(
        Case(target_kind="post", target_id=group.pk * 10**6 + number, person=of, reason="spam", group=group)
        for number in range(many)
    )


def test_the_queue_of_a_group_and_what_is_due_have_their_indexes(ada: User, seen: SeenGroup) -> None:
    queue = plans_of(lambda: queue_of(seen=seen, viewer=ada))
    assert "case_queue_of_group" in queue and "Seq Scan on moderation_case" not in queue
    assert "case_queue_of_group" in plans_of(lambda: waiting_in(seen.group.pk, ada.pk))
    assert "case_with_groups" in plans_of(_due)


def test_the_sites_queue_keeps_its_index(seen: SeenGroup) -> None:
    first = Case.objects.open().with_site().order_by("-reports", "id").first()
    assert first is not None
    plan = plans_of(lambda: selectors.next_open(first))
    assert "case_queue" in plan and "Sort" not in plan


def test_who_hears_of_all_posts_is_found_by_an_index(ada: User) -> None:
    group = a_group(ada)
    people = [person() for _each in range(20)]
    groups = Group.objects.bulk_create(Group(slug=f"group-{n}x", name="x") for n in range(400))
    Membership.objects.bulk_create(Membership(group=one, user=who) for one in groups for who in people)
    Membership.objects.bulk_create(
        Membership(group=group, user=who, notify="all" if n < 3 else "important")
        for n, who in enumerate(people)
    )
    analyze()
    post = publish_post(author=ada, group=group, content="Hello")
    assert "membership_hearing_all" in plans_of(lambda: causes.pieces_of_hearing(post, 500))
