"""What posting asks of groups."""

from django.db.models import F

from accounts.models import User
from groups import selectors
from groups.errors import GroupGone, GroupWaits, NotAMember
from groups.models import Group, GroupCounts, Membership
from groups.selectors import membership_of


def check_may_post(group: Group, person: User) -> None:
    """Raises `NotAMember`, `GroupWaits`, or `GroupGone` when the group is not there any more."""
    if not Group.objects.standing().filter(pk=group.pk).exists():
        if Group.objects.held_for(person).filter(pk=group.pk).exists():
            raise GroupWaits
        raise GroupGone
    found = membership_of(group, person)
    if found is None or not found.is_active:
        raise NotAMember


def check_may_speak(group: Group, person: User, *, as_member: bool = False) -> None:
    """As in `groups.selectors`; whoever bans or removes them meanwhile waits until what they say is there."""
    mine = Membership.objects.select_for_update(no_key=True).filter(group=group.pk, user=person.pk)
    if mine.first() is None:  # what is not there yet cannot be locked: whoever makes it holds the counts
        GroupCounts.objects.select_for_update(no_key=True).filter(pk=group.pk).first()
    selectors.check_may_speak(group, person, as_member=as_member)


def count_post(group_id: int, *, by: int) -> None:
    """A post came into a group, or went; inside the transaction that says so."""
    GroupCounts.objects.filter(pk=group_id).update(posts=F("posts") + by)
