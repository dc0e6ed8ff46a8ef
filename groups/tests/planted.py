"""A violation for each invariant of groups."""

from collections.abc import Callable
from typing import Any

from groups.models import GroupCounts, Membership
from groups.tests.factories import a_group, is_in


def wrong_members(town: Any) -> None:
    GroupCounts.objects.filter(pk=a_group(town.ada).pk).update(members=9)


def wrong_posts(town: Any) -> None:
    GroupCounts.objects.filter(pk=a_group(town.ada).pk).update(posts=9)


def lost_owner(town: Any) -> None:
    group = a_group(town.ada)
    is_in(group, town.ben)
    Membership.objects.filter(group=group).update(role="member")


PLANTS: dict[str, Callable[[Any], object]] = {
    "member counts of groups equal rows": wrong_members,
    "post counts of groups equal rows": wrong_posts,
    "every group that has members has an owner": lost_owner,
}
