"""Who is let in, put out, or given a role, by those who moderate."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import lock_people
from accounts.models import User
from accounts.selectors import block_exists_between
from groups.actions.ground import (
    Role,
    Status,
    admit,
    check_above,
    check_moderator,
    check_not_last_owner,
    check_owner,
    check_room_of,
    count_members,
    end_membership,
    forget_groups_of,
    lock_group,
    lock_kept,
    record_about,
)
from groups.errors import BannedFromGroup, DeclinedLately, InvalidGroup, NotInGroup, OwnerCanAct
from groups.events import GroupInvited, GroupLeft, GroupRoleChanged
from groups.models import DeclinedInvitation, Group, Membership
from groups.selectors import membership_of
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.outbox.actions import emit


@transaction.atomic
def invite_person(*, group: Group, actor: User, person: User) -> Membership:
    """Let somebody in who wants to; who asked already is in at once. Moderators may; repeating it changes nothing.

    Raises `NotFound` where there is a block between the two, `BannedFromGroup` for who is banned, `DeclinedLately`, and
    of who asked `GroupLimit`.
    """
    lock_people(*{actor.pk: actor, person.pk: person}.values())
    standing = lock_group(group)
    check_moderator(standing, actor)
    if block_exists_between(actor, person):
        raise NotFound
    found = membership_of(standing, person)
    if found and found.status == Status.BANNED:
        raise BannedFromGroup(_("This person is banned from the group. Lift the ban first."))
    if found and found.status == Status.PENDING:
        check_room_of(person)
        return admit(standing, person, found, actor_id=actor.pk)
    if found:
        return found
    if DeclinedInvitation.objects.lately().filter(group=standing, user=person).exists():
        raise DeclinedLately
    emit(GroupInvited(group_id=standing.pk, user_id=person.pk, inviter_id=actor.pk), actor_id=actor.pk)
    return Membership.objects.create(group=standing, user=person, status=Status.INVITED)


@transaction.atomic
def accept_request(*, group: Group, actor: User, person: User) -> Membership:
    """Let somebody in who asked; moderators may. Raises `NotInGroup` when they ask no longer, and `GroupLimit`."""
    lock_people(person)
    standing = lock_group(group)
    check_moderator(standing, actor)
    found = membership_of(standing, person)
    if found and found.is_active:
        return found
    if found is None or found.status != Status.PENDING:
        raise NotInGroup
    check_room_of(person)
    return admit(standing, person, found, actor_id=actor.pk)


@transaction.atomic
def remove_member(*, group: Group, actor: User, person: User) -> None:
    """End a membership, a request, an invitation or a ban; moderators may, of those below them. Repeating it changes
    nothing."""
    standing = lock_group(group)
    check_moderator(standing, actor)
    found = membership_of(standing, person)
    if found is None:
        return
    check_above(standing, actor, found)
    if found.status == Status.BANNED:
        record_about(standing, "groups.unban", actor, person)
    elif found.is_active:
        record_about(standing, "groups.remove", actor, person)
    end_membership(found, actor_id=actor.pk)


@transaction.atomic
def ban_person(*, group: Group, actor: User, person: User) -> Membership:
    """Put somebody out who cannot come back; moderators may, those below them. Repeating it changes nothing."""
    standing = lock_group(group)
    check_moderator(standing, actor)
    found = membership_of(standing, person)
    if found and found.status == Status.BANNED:
        return found
    if person.pk == actor.pk:
        raise Forbidden
    if found:
        check_above(standing, actor, found)
        if found.is_active:
            count_members(standing, by=-1)
        found.role, found.status = Role.MEMBER, Status.BANNED
        found.save(update_fields=["role", "status"])
    else:
        found = Membership.objects.create(group=standing, user=person, status=Status.BANNED)
    record_about(standing, "groups.ban", actor, person)
    emit(GroupLeft(group_id=standing.pk, user_id=person.pk), actor_id=actor.pk)
    forget_groups_of(person.pk)
    return found


@transaction.atomic
def set_role(*, group: Group, actor: User, person: User, role: str) -> Membership:
    """Make a member an owner, a moderator or a plain member; only owners may, also of themselves.

    To hand a group over is to make somebody else an owner, then to step down. Raises `NotInGroup` and `LastOwner`.
    """
    if role not in Role.values:
        raise InvalidGroup(role=[_("There is no such role.")])
    standing = lock_group(group)
    check_owner(standing, actor)
    found = membership_of(standing, person)
    if found is None or not found.is_active:
        raise NotInGroup
    if found.role == role:
        return found
    check_not_last_owner(standing, found)
    record_about(standing, "groups.role", actor, person, before=found.role, after=role)
    found.role = Role(role)
    found.save(update_fields=["role"])
    emit(GroupRoleChanged(group_id=standing.pk, user_id=person.pk), actor_id=actor.pk)
    return found


@transaction.atomic
def hand_over_group(*, membership: Membership, actor: User) -> None:
    """Make a member an owner of a group none of whose owners can act; who owned it owns it still.

    For moderators of the site. Raises `NotInGroup` for who cannot act either, `OwnerCanAct`, and `NotFound`.
    """
    standing = lock_kept(membership.group_id)
    found = Membership.objects.acting().select_related("user").filter(pk=membership.pk).first()
    if found is None:
        raise NotInGroup
    if Membership.objects.owning(standing).exists():
        raise OwnerCanAct
    record_about(standing, "groups.role", actor, found.user, before=found.role, after=Role.OWNER)
    found.role = Role.OWNER
    found.save(update_fields=["role"])
    emit(GroupRoleChanged(group_id=standing.pk, user_id=found.user_id), actor_id=actor.pk)
