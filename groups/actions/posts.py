"""What posting asks of groups."""

from django.db.models import F

from accounts.models import User
from groups.errors import GroupGone, NotAMember
from groups.models import Group, GroupCounts
from groups.selectors import membership_of


def check_may_post(group: Group, person: User) -> None:
    """Raises `NotAMember`, or `GroupGone` when the group is not there any more."""
    if not Group.objects.standing().filter(pk=group.pk).exists():
        raise GroupGone
    found = membership_of(group, person)
    if found is None or not found.is_active:
        raise NotAMember


def count_post(group_id: int, *, by: int) -> None:
    """A post came into a group, or went; inside the transaction that says so."""
    GroupCounts.objects.filter(pk=group_id).update(posts=F("posts") + by)
