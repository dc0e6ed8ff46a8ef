"""What every act in a group rests on: its lock, who is above whom, and its counts.

Whatever changes who is in a group waits for its counts' row: one at a time per group.
"""

from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from groups import cache
from groups.errors import GroupLimit, GroupWaits, LastOwner
from groups.events import GroupJoined, GroupLeft, GroupWaitingEnded
from groups.models import GROUPS_MOST, DeclinedInvitation, Group, GroupCounts, Membership
from groups.selectors import membership_of
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.outbox.actions import emit, record

Role, Status = Membership.Role, Membership.Status
WAITING = (Status.PENDING, Status.INVITED)


def lock_group(group: Group, *, also_held: bool = False) -> Group:
    """The group as it stands, others who change who is in it waiting; raises `NotFound` if it is deleted or hidden,
    `GroupWaits` if it is held."""
    kept = lock_kept(group.pk)
    if kept.held_at is not None and not also_held:
        raise GroupWaits
    if kept.hidden_at is not None and kept.held_at is None:
        raise NotFound
    return kept


def lock_kept(group_id: int) -> Group:
    """As `lock_group`, of hidden groups too."""
    GroupCounts.objects.select_for_update(no_key=True).filter(pk=group_id).first()
    kept = Group.objects.kept().filter(pk=group_id).first()
    if kept is None:
        raise NotFound
    return kept


def admit(group: Group, person: User, found: Membership | None, *, actor_id: int) -> Membership:
    was_asked = found is not None and found.status == Status.PENDING and actor_id != person.pk
    if found is None:
        found = Membership.objects.create(group=group, user=person)
    else:
        found.status = Status.ACTIVE
        found.save(update_fields=["status"])
    count_members(group, by=1)
    DeclinedInvitation.objects.filter(group=group, user=person).delete()
    accepter_id = actor_id if was_asked else None
    emit(GroupJoined(group_id=group.pk, user_id=person.pk, accepter_id=accepter_id), actor_id=actor_id)
    forget_groups_of(person.pk)
    return found


def end_membership(found: Membership, *, actor_id: int) -> None:
    was_active, was_waiting = found.is_active, found.status in WAITING
    group_id, user_id = found.group_id, found.user_id
    found.delete()
    if was_active:
        GroupCounts.objects.filter(pk=group_id).update(members=F("members") - 1)
        emit(GroupLeft(group_id=group_id, user_id=user_id), actor_id=actor_id)
        forget_groups_of(user_id)
    elif was_waiting:
        emit(GroupWaitingEnded(group_id=group_id, user_id=user_id), actor_id=actor_id)


def count_members(group: Group, *, by: int) -> None:
    GroupCounts.objects.filter(pk=group.pk).update(members=F("members") + by)


def forget_groups_of(*user_ids: int) -> None:
    transaction.on_commit(partial(cache.forget_groups_of, *user_ids))


def check_room(person: User) -> None:
    if Membership.objects.active().filter(user=person).count() >= GROUPS_MOST:
        raise GroupLimit


def check_room_of(person: User) -> None:
    """As `check_room`, for who lets them in; they are locked."""
    try:
        check_room(person)
    except GroupLimit as error:
        raise GroupLimit(_("This person is in as many groups as one can be.")) from error


def check_moderator(group: Group, person: User) -> None:
    """Raises `Forbidden` for whoever neither owns nor moderates the group."""
    found = membership_of(group, person)
    if found is None or found.role == Role.MEMBER:
        raise Forbidden


def check_owner(group: Group, person: User) -> None:
    found = membership_of(group, person)
    if found is None or found.role != Role.OWNER:
        raise Forbidden


def check_above(group: Group, actor: User, other: Membership) -> None:
    """Owners are above all but other owners, moderators above members."""
    mine = membership_of(group, actor)
    rank = {Role.MEMBER.value: 0, Role.MODERATOR.value: 1, Role.OWNER.value: 2}
    if mine is None or rank[mine.role] <= rank[other.role]:
        raise Forbidden


def check_not_last_owner(group: Group, found: Membership) -> None:
    if found.role == Role.OWNER and not Membership.objects.owning(group).exclude(pk=found.pk).exists():
        raise LastOwner


def record_about(group: Group, act: str, actor: User, person: User, **change: str) -> None:
    record(
        act,
        actor_id=actor.pk,
        target_type="group",
        target_id=group.pk,
        before={"user": person.pk, "role": change["before"]} if change else None,
        after={"user": person.pk, "role": change["after"]} if change else {"user": person.pk},
    )
