"""Joining, leaving, and how much one hears."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.actions import lock_people
from accounts.models import User
from groups.actions.ground import (
    Role,
    Status,
    admit,
    check_not_last_owner,
    check_room,
    end_membership,
    lock_group,
    lock_kept,
)
from groups.errors import BannedFromGroup, InvalidGroup, NotInGroup
from groups.events import GroupAsked
from groups.models import DeclinedInvitation, Group, Membership, MembershipQuerySet, Privacy
from groups.selectors import membership_of
from socialnet.kernel.errors import NotFound
from socialnet.outbox.actions import emit

_BATCH = 500


@transaction.atomic
def join_group(*, group: Group, person: User) -> Membership:
    """Become a member of a public group or by an invitation; ask to, of a private one. Repeating it changes nothing.

    Raises `NotFound` for a group by invitation without one, `BannedFromGroup` and `GroupLimit`.
    """
    (person,) = lock_people(person)
    standing = lock_group(group)
    found = membership_of(standing, person)
    if found and found.status == Status.BANNED:
        raise BannedFromGroup
    if found and (found.is_active or (found.status == Status.PENDING and standing.privacy != Privacy.PUBLIC)):
        return found
    if found is None and standing.privacy == Privacy.INVITE:
        raise NotFound
    check_room(person)
    if found is None and standing.privacy == Privacy.PRIVATE:
        emit(GroupAsked(group_id=standing.pk, user_id=person.pk), actor_id=person.pk)
        return Membership.objects.create(group=standing, user=person, status=Status.PENDING)
    return admit(standing, person, found, actor_id=person.pk)


@transaction.atomic
def leave_group(*, group: Group, person: User) -> None:
    """Be in the group no longer, or ask no longer, or decline; repeating it changes nothing. Raises `LastOwner`.

    Who declines is not invited again to the same group for `DECLINED_DAYS`, unless they come by themselves.
    """
    standing = lock_group(group)
    found = membership_of(standing, person)
    if found is None or found.status == Status.BANNED:
        return
    check_not_last_owner(standing, found)
    if found.status == Status.INVITED:
        DeclinedInvitation.objects.update_or_create(
            group=standing, user=person, defaults={"declined_at": Now()}
        )
    end_membership(found, actor_id=person.pk)


@transaction.atomic
def choose_news(*, group: Group, person: User, notify: str) -> Membership:
    """Say of how much in the group `person` hears; repeating it changes nothing.

    Who asked to join or is invited may choose already. Raises `NotInGroup` for who has nothing to do with it.
    """
    if notify not in Membership.Notify.values:
        raise InvalidGroup(notify=[_("There is no such choice.")])
    standing = lock_group(group)
    found = membership_of(standing, person)
    if found is None or found.status == Status.BANNED:
        raise NotInGroup(_("You are not in this group."))
    if found.notify != notify:
        found.notify = Membership.Notify(notify)
        found.save(update_fields=["notify"])
    return found


@transaction.atomic
def leave_all(*, user_id: int) -> int:
    """Take somebody who is deleted out of a batch of groups; returns how many, 0 when none are left.

    Where they were the last owner who can act, the moderator or else the member who is longest in it becomes the owner:
    somebody who can act, if there is anybody.
    """
    DeclinedInvitation.objects.filter(user=user_id).delete()
    rows = list(Membership.objects.filter(user=user_id).order_by("group_id")[:_BATCH])
    for row in rows:
        if Group.objects.kept().filter(pk=row.group_id).exists():
            standing = lock_kept(row.group_id)
            found = Membership.objects.filter(pk=row.pk).first()
            if found:
                _pass_on(standing, found)
                end_membership(found, actor_id=user_id)
        else:
            row.delete()
    return len(rows)


def _pass_on(group: Group, leaving: Membership) -> None:
    if leaving.role != Role.OWNER or Membership.objects.owning(group).exclude(pk=leaving.pk).exists():
        return
    others = Membership.objects.filter(group=group).exclude(pk=leaving.pk)
    heir = _first_in_line(others.acting()) or _first_in_line(others.active().filter(user__is_active=True))
    if heir and heir.role != Role.OWNER:
        heir.role = Role.OWNER
        heir.save(update_fields=["role"])


def _first_in_line(people: MembershipQuerySet) -> Membership | None:
    for role in (Role.OWNER, Role.MODERATOR, Role.MEMBER):
        if found := people.filter(role=role).order_by("pk").first():
            return found
    return None
