"""Writes about groups. Whatever changes who is in a group waits for its counts' row: one at a time per group."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.actions import lock_people
from accounts.models import User
from accounts.selectors import block_exists_between
from groups import cache, covers, screening, selectors
from groups.errors import (
    BannedFromGroup,
    DeclinedLately,
    GroupGone,
    GroupLimit,
    GroupWaits,
    InvalidGroup,
    LastOwner,
    NotAMember,
    NotInGroup,
    OwnerCanAct,
)
from groups.events import (
    GroupAsked,
    GroupChanged,
    GroupCreated,
    GroupDeleted,
    GroupHidden,
    GroupInvited,
    GroupJoined,
    GroupLeft,
    GroupRoleChanged,
    GroupShown,
    GroupWaitingEnded,
)
from groups.models import (
    DESCRIPTION_MAX,
    GROUPS_MOST,
    NAME_MAX,
    RULES_MAX,
    SLUG_MAX,
    SLUG_MIN,
    TAG_MAX,
    TAGS_MOST,
    Category,
    DeclinedInvitation,
    Group,
    GroupCounts,
    Membership,
    MembershipQuerySet,
    Privacy,
)
from groups.selectors import membership_of
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.outbox.actions import emit, record

Role, Status = Membership.Role, Membership.Status
_WAITING = (Status.PENDING, Status.INVITED)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_BATCH = 500


def create_group(*, owner: User, cover: IO[bytes] | None = None, cover_alt: str = "", **fields: Any) -> Group:
    """A group with `owner` as its only member, of slug, name and what else `_create` takes; nobody else sees it while
    screening holds it.

    Raises `InvalidGroup`, `GroupLimit` and `WritingRefused`, and of a cover what `change_group` does; then there is no
    group. A cover is drawn outside of any transaction, and only when nothing else is wrong.
    """
    alt = covers.checked_alt(cover_alt)
    if cover is None:
        return _create(owner=owner, **fields)
    _check_new(owner, **fields)
    kept = covers.keep_cover(cover)
    try:
        return _create(owner=owner, cover=kept, cover_alt=alt, **fields)
    except BaseException:
        covers.remove_files(kept.large, kept.small)
        raise


class _IsFine(Exception):
    """Ends a try."""


def _check_new(owner: User, **fields: Any) -> None:
    """Raises what founding the group would, and founds none."""
    with suppress(_IsFine), transaction.atomic():
        _create(owner=owner, **fields)
        raise _IsFine


@transaction.atomic
def _create(
    *,
    owner: User,
    slug: str,
    name: str,
    privacy: str = Privacy.PUBLIC,
    description: str = "",
    rules: str = "",
    category: str = Category.OTHER,
    tags: Sequence[str] = (),
    cover: covers.Cover = covers.NONE,
    cover_alt: str = "",
) -> Group:
    """As `create_group`, of a cover that is drawn."""
    (person,) = lock_people(owner)
    fields = _cleaned(
        name=name, privacy=privacy, description=description, rules=rules, category=category, tags=tags
    )
    _check_room(person)
    slug = _cleaned_slug(slug)
    verdict = screening.of_new(person, slug=slug, fields=fields | {"cover_alt": cover_alt})
    held = {"hidden_at": Now(), "held_at": Now()} if verdict.is_held else {}
    drawn = {"cover": cover.large, "cover_small": cover.small, "cover_blurhash": cover.blurhash}
    group = _saved(Group(slug=slug, cover_alt=cover_alt, **drawn, **fields, **held))
    verdict.keep(group.pk)
    GroupCounts.objects.create(group=group, members=1)
    Membership.objects.create(group=group, user=person, role=Role.OWNER)
    emit(GroupCreated(group_id=group.pk, user_id=person.pk), actor_id=person.pk)
    emit(GroupJoined(group_id=group.pk, user_id=person.pk), actor_id=person.pk)
    _forget(person.pk)
    if verdict.is_held:
        group.refresh_from_db(fields=["hidden_at", "held_at"])
    return group


def _saved(group: Group) -> Group:
    try:
        with transaction.atomic():
            group.save(force_insert=True)
    except IntegrityError as error:
        raise InvalidGroup(slug=[_("This address is taken already.")]) from error
    return group


def change_group(
    *, group: Group, actor: User, cover: IO[bytes] | None = None, without_cover: bool = False, **changes: Any
) -> Group:
    """Change what is given of name, description, rules, category, tags, privacy, and the cover with `cover_alt`; only
    its owners may.

    Raises `InvalidGroup`, `WritingRefused`, and of a cover `UnreadablePicture`, `PictureTooLarge`, `StorageFull`,
    `StorageAway`; then nothing is changed. What screening holds of the words waits, and the group says what it said
    (`hooks.held_changes`). A cover takes a second or so, outside of any transaction.
    """
    _check_owner(group, actor)  # before anything is drawn for them
    if cover is None:
        return _change(group, actor, covers.NONE if without_cover else None, changes)
    kept = covers.keep_cover(cover)
    try:
        return _change(group, actor, kept, changes)
    except BaseException:
        covers.remove_files(kept.large, kept.small)
        raise


@transaction.atomic
def _change(group: Group, actor: User, cover: covers.Cover | None, changes: dict[str, Any]) -> Group:
    standing = _lock(group)
    _check_owner(standing, actor)
    alt = changes.pop("cover_alt", None)
    kept = {field: getattr(standing, field) for field in _CHANGED}
    is_covered = _cover(standing, cover)
    new: dict[str, Any] = _cleaned(**{**kept, **changes})
    if alt is not None and standing.cover:
        new["cover_alt"] = covers.checked_alt(alt)
    new = screening.let_through(standing, actor, new)
    if not _write(standing, new, is_covered=is_covered):
        return standing
    if standing.privacy != kept["privacy"]:
        record(
            "groups.privacy",
            actor_id=actor.pk,
            target_type="group",
            target_id=standing.pk,
            before={"privacy": kept["privacy"]},
            after={"privacy": standing.privacy},
        )
    emit(GroupChanged(group_id=standing.pk), actor_id=actor.pk)
    if standing.privacy == Privacy.INVITE:
        _end_requests(standing, actor)
    return standing


@transaction.atomic
def say_what_waited(*, group_id: int, fields: Mapping[str, Any]) -> None:
    """Let a group say what its owners want and screening held. For moderators. Raises `NotFound`."""
    standing = _lock_kept(group_id)
    if not standing.cover:
        fields = {field: value for field, value in fields.items() if field != "cover_alt"}
    if _write(standing, fields, is_covered=False):
        emit(GroupChanged(group_id=standing.pk))


_CHANGED = ("name", "description", "rules", "category", "tags", "privacy")
_COVER = ("cover", "cover_small", "cover_blurhash", "cover_alt")


def _write(group: Group, fields: Mapping[str, Any], *, is_covered: bool) -> bool:
    """Whether anything is other now than it was."""
    new = {field: value for field, value in fields.items() if value != getattr(group, field)}
    for field, value in new.items():
        setattr(group, field, value)
    if new or is_covered:
        group.save(update_fields={*new, *_COVER})
    return bool(new or is_covered)


def _cover(group: Group, cover: covers.Cover | None) -> bool:
    """Whether its cover is another now; old files go once that is so for everybody."""
    before = [getattr(group, field) for field in _COVER]
    if cover is not None:
        transaction.on_commit(partial(covers.remove_files, group.cover, group.cover_small))
        group.cover, group.cover_small, group.cover_blurhash = cover.large, cover.small, cover.blurhash
        group.cover_alt = ""
    return before != [getattr(group, field) for field in _COVER]


@transaction.atomic
def delete_group(*, group: Group, actor: User) -> None:
    """End a group for everybody, also while it is held; only its owners may. What was said in it is left to its
    authors alone."""
    standing = _lock(group, also_held=True)
    _check_owner(standing, actor)
    people = list(Membership.objects.active().filter(group=standing).values_list("user_id", flat=True))
    waiting = list(
        Membership.objects.filter(group=standing, status__in=_WAITING).values_list("user_id", flat=True)
    )
    Membership.objects.filter(group=standing).delete()
    DeclinedInvitation.objects.filter(group=standing).delete()
    GroupCounts.objects.filter(pk=standing.pk).update(members=0)
    _cover(standing, covers.NONE)
    Group.objects.filter(pk=standing.pk).update(deleted_at=Now(), **dict.fromkeys(_COVER, ""))
    record("groups.delete", actor_id=actor.pk, target_type="group", target_id=standing.pk)
    emit(GroupDeleted(group_id=standing.pk), actor_id=actor.pk)
    for user_id in people:
        emit(GroupLeft(group_id=standing.pk, user_id=user_id), actor_id=actor.pk)
    for user_id in waiting:
        emit(GroupWaitingEnded(group_id=standing.pk, user_id=user_id), actor_id=actor.pk)
    _forget(*people)


@transaction.atomic
def hide_group(*, group_id: int, actor: User | None) -> None:
    """Take a group out of everybody's sight, its members' too, with what is said in it; who is in it stays in it.

    For moderators. What somebody said there they see still, alone. Repeating it changes nothing. Raises `NotFound`.
    """
    group = _lock_kept(group_id)
    if group.hidden_at is None or group.held_at is not None:
        Group.objects.filter(pk=group_id).update(hidden_at=Now(), held_at=None)
        _record_hidden(group_id, actor, hidden=True)
        emit(GroupHidden(group_id=group_id), actor_id=actor.pk if actor else None)


@transaction.atomic
def unhide_group(*, group_id: int, actor: User | None) -> None:
    """Let a group be there again as it was; raises as `hide_group` does."""
    if _lock_kept(group_id).hidden_at is not None:
        Group.objects.filter(pk=group_id).update(hidden_at=None, held_at=None)
        _record_hidden(group_id, actor, hidden=False)
        emit(GroupShown(group_id=group_id), actor_id=actor.pk if actor else None)


@transaction.atomic
def release_group(*, group_id: int, actor: User | None) -> None:
    """As `unhide_group`, of what is held; what is hidden by decision, or seen already, stays as it is."""
    if _lock_kept(group_id).held_at is not None:
        unhide_group(group_id=group_id, actor=actor)


def _record_hidden(group_id: int, actor: User | None, *, hidden: bool) -> None:
    record(
        "groups.hidden" if hidden else "groups.shown",
        actor_id=actor.pk if actor else None,
        target_type="group",
        target_id=group_id,
        before={"hidden": not hidden},
        after={"hidden": hidden},
    )


# --- coming and going -----------------------------------------------------------------------------------------


@transaction.atomic
def join_group(*, group: Group, person: User) -> Membership:
    """Become a member of a public group or by an invitation; ask to, of a private one. Repeating it changes nothing.

    Raises `NotFound` for a group by invitation without one, `BannedFromGroup` and `GroupLimit`.
    """
    (person,) = lock_people(person)
    standing = _lock(group)
    found = membership_of(standing, person)
    if found and found.status == Status.BANNED:
        raise BannedFromGroup
    if found and (found.is_active or (found.status == Status.PENDING and standing.privacy != Privacy.PUBLIC)):
        return found
    if found is None and standing.privacy == Privacy.INVITE:
        raise NotFound
    _check_room(person)
    if found is None and standing.privacy == Privacy.PRIVATE:
        emit(GroupAsked(group_id=standing.pk, user_id=person.pk), actor_id=person.pk)
        return Membership.objects.create(group=standing, user=person, status=Status.PENDING)
    return _admit(standing, person, found, actor_id=person.pk)


@transaction.atomic
def leave_group(*, group: Group, person: User) -> None:
    """Be in the group no longer, or ask no longer, or decline; repeating it changes nothing. Raises `LastOwner`.

    Who declines is not invited again to the same group for `DECLINED_DAYS`, unless they come by themselves.
    """
    standing = _lock(group)
    found = membership_of(standing, person)
    if found is None or found.status == Status.BANNED:
        return
    _check_not_last_owner(standing, found)
    if found.status == Status.INVITED:
        DeclinedInvitation.objects.update_or_create(
            group=standing, user=person, defaults={"declined_at": Now()}
        )
    _end(found, actor_id=person.pk)


@transaction.atomic
def choose_news(*, group: Group, person: User, notify: str) -> Membership:
    """Say of how much in the group `person` hears; repeating it changes nothing.

    Who asked to join or is invited may choose already. Raises `NotInGroup` for who has nothing to do with it.
    """
    if notify not in Membership.Notify.values:
        raise InvalidGroup(notify=[_("There is no such choice.")])
    standing = _lock(group)
    found = membership_of(standing, person)
    if found is None or found.status == Status.BANNED:
        raise NotInGroup(_("You are not in this group."))
    if found.notify != notify:
        found.notify = Membership.Notify(notify)
        found.save(update_fields=["notify"])
    return found


@transaction.atomic
def invite_person(*, group: Group, actor: User, person: User) -> Membership:
    """Let somebody in who wants to; who asked already is in at once. Moderators may; repeating it changes nothing.

    Raises `NotFound` where there is a block between the two, `BannedFromGroup` for who is banned, `DeclinedLately`, and
    of who asked `GroupLimit`.
    """
    lock_people(*{actor.pk: actor, person.pk: person}.values())
    standing = _lock(group)
    check_moderator(standing, actor)
    if block_exists_between(actor, person):
        raise NotFound
    found = membership_of(standing, person)
    if found and found.status == Status.BANNED:
        raise BannedFromGroup(_("This person is banned from the group. Lift the ban first."))
    if found and found.status == Status.PENDING:
        _check_room_of(person)
        return _admit(standing, person, found, actor_id=actor.pk)
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
    standing = _lock(group)
    check_moderator(standing, actor)
    found = membership_of(standing, person)
    if found and found.is_active:
        return found
    if found is None or found.status != Status.PENDING:
        raise NotInGroup
    _check_room_of(person)
    return _admit(standing, person, found, actor_id=actor.pk)


@transaction.atomic
def remove_member(*, group: Group, actor: User, person: User) -> None:
    """End a membership, a request, an invitation or a ban; moderators may, of those below them. Repeating it changes
    nothing."""
    standing = _lock(group)
    check_moderator(standing, actor)
    found = membership_of(standing, person)
    if found is None:
        return
    _check_above(standing, actor, found)
    if found.status == Status.BANNED:
        _record(standing, "groups.unban", actor, person)
    elif found.is_active:
        _record(standing, "groups.remove", actor, person)
    _end(found, actor_id=actor.pk)


@transaction.atomic
def ban_person(*, group: Group, actor: User, person: User) -> Membership:
    """Put somebody out who cannot come back; moderators may, those below them. Repeating it changes nothing."""
    standing = _lock(group)
    check_moderator(standing, actor)
    found = membership_of(standing, person)
    if found and found.status == Status.BANNED:
        return found
    if person.pk == actor.pk:
        raise Forbidden
    if found:
        _check_above(standing, actor, found)
        if found.is_active:
            _count(standing, by=-1)
        found.role, found.status = Role.MEMBER, Status.BANNED
        found.save(update_fields=["role", "status"])
    else:
        found = Membership.objects.create(group=standing, user=person, status=Status.BANNED)
    _record(standing, "groups.ban", actor, person)
    emit(GroupLeft(group_id=standing.pk, user_id=person.pk), actor_id=actor.pk)
    _forget(person.pk)
    return found


@transaction.atomic
def set_role(*, group: Group, actor: User, person: User, role: str) -> Membership:
    """Make a member an owner, a moderator or a plain member; only owners may, also of themselves.

    To hand a group over is to make somebody else an owner, then to step down. Raises `NotInGroup` and `LastOwner`.
    """
    if role not in Role.values:
        raise InvalidGroup(role=[_("There is no such role.")])
    standing = _lock(group)
    _check_owner(standing, actor)
    found = membership_of(standing, person)
    if found is None or not found.is_active:
        raise NotInGroup
    if found.role == role:
        return found
    _check_not_last_owner(standing, found)
    _record(standing, "groups.role", actor, person, before=found.role, after=role)
    found.role = Role(role)
    found.save(update_fields=["role"])
    emit(GroupRoleChanged(group_id=standing.pk, user_id=person.pk), actor_id=actor.pk)
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
            standing = _lock_kept(row.group_id)
            found = Membership.objects.filter(pk=row.pk).first()
            if found:
                _pass_on(standing, found)
                _end(found, actor_id=user_id)
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


@transaction.atomic
def hand_over_group(*, membership: Membership, actor: User) -> None:
    """Make a member an owner of a group none of whose owners can act; who owned it owns it still.

    For moderators of the site. Raises `NotInGroup` for who cannot act either, `OwnerCanAct`, and `NotFound`.
    """
    standing = _lock_kept(membership.group_id)
    found = Membership.objects.acting().select_related("user").filter(pk=membership.pk).first()
    if found is None:
        raise NotInGroup
    if Membership.objects.owning(standing).exists():
        raise OwnerCanAct
    _record(standing, "groups.role", actor, found.user, before=found.role, after=Role.OWNER)
    found.role = Role.OWNER
    found.save(update_fields=["role"])
    emit(GroupRoleChanged(group_id=standing.pk, user_id=found.user_id), actor_id=actor.pk)


# --- posts ----------------------------------------------------------------------------------------------------


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


# --- inside ---------------------------------------------------------------------------------------------------


def _lock(group: Group, *, also_held: bool = False) -> Group:
    """The group as it stands, others who change who is in it waiting; raises `NotFound` if it is deleted or hidden,
    `GroupWaits` if it is held."""
    kept = _lock_kept(group.pk)
    if kept.held_at is not None and not also_held:
        raise GroupWaits
    if kept.hidden_at is not None and kept.held_at is None:
        raise NotFound
    return kept


def _lock_kept(group_id: int) -> Group:
    """As `_lock`, of hidden groups too."""
    GroupCounts.objects.select_for_update(no_key=True).filter(pk=group_id).first()
    kept = Group.objects.kept().filter(pk=group_id).first()
    if kept is None:
        raise NotFound
    return kept


def _admit(group: Group, person: User, found: Membership | None, *, actor_id: int) -> Membership:
    was_asked = found is not None and found.status == Status.PENDING and actor_id != person.pk
    if found is None:
        found = Membership.objects.create(group=group, user=person)
    else:
        found.status = Status.ACTIVE
        found.save(update_fields=["status"])
    _count(group, by=1)
    DeclinedInvitation.objects.filter(group=group, user=person).delete()
    accepter_id = actor_id if was_asked else None
    emit(GroupJoined(group_id=group.pk, user_id=person.pk, accepter_id=accepter_id), actor_id=actor_id)
    _forget(person.pk)
    return found


def _end(found: Membership, *, actor_id: int) -> None:
    was_active, was_waiting = found.is_active, found.status in _WAITING
    group_id, user_id = found.group_id, found.user_id
    found.delete()
    if was_active:
        GroupCounts.objects.filter(pk=group_id).update(members=F("members") - 1)
        emit(GroupLeft(group_id=group_id, user_id=user_id), actor_id=actor_id)
        _forget(user_id)
    elif was_waiting:
        emit(GroupWaitingEnded(group_id=group_id, user_id=user_id), actor_id=actor_id)


def _end_requests(group: Group, actor: User) -> None:
    """Nobody asks to join what they may not know of."""
    for asking in Membership.objects.filter(group=group, status=Status.PENDING).order_by("pk"):
        _end(asking, actor_id=actor.pk)


def _count(group: Group, *, by: int) -> None:
    GroupCounts.objects.filter(pk=group.pk).update(members=F("members") + by)


def _forget(*user_ids: int) -> None:
    transaction.on_commit(partial(cache.forget_groups_of, *user_ids))


def _check_room_of(person: User) -> None:
    """As `_check_room`, for who lets them in; they are locked."""
    try:
        _check_room(person)
    except GroupLimit as error:
        raise GroupLimit(_("This person is in as many groups as one can be.")) from error


def _check_room(person: User) -> None:
    if Membership.objects.active().filter(user=person).count() >= GROUPS_MOST:
        raise GroupLimit


def check_moderator(group: Group, person: User) -> None:
    """Raises `Forbidden` for whoever neither owns nor moderates the group."""
    found = membership_of(group, person)
    if found is None or found.role == Role.MEMBER:
        raise Forbidden


def _check_owner(group: Group, person: User) -> None:
    found = membership_of(group, person)
    if found is None or found.role != Role.OWNER:
        raise Forbidden


def _check_above(group: Group, actor: User, other: Membership) -> None:
    """Owners are above all but other owners, moderators above members."""
    mine = membership_of(group, actor)
    rank = {Role.MEMBER.value: 0, Role.MODERATOR.value: 1, Role.OWNER.value: 2}
    if mine is None or rank[mine.role] <= rank[other.role]:
        raise Forbidden


def _check_not_last_owner(group: Group, found: Membership) -> None:
    if found.role == Role.OWNER and not Membership.objects.owning(group).exclude(pk=found.pk).exists():
        raise LastOwner


def _record(group: Group, act: str, actor: User, person: User, **change: str) -> None:
    record(
        act,
        actor_id=actor.pk,
        target_type="group",
        target_id=group.pk,
        before={"user": person.pk, "role": change["before"]} if change else None,
        after={"user": person.pk, "role": change["after"]} if change else {"user": person.pk},
    )


def _cleaned_slug(slug: str) -> str:
    if not (SLUG_MIN <= len(slug) <= SLUG_MAX and _SLUG.fullmatch(slug)):
        raise InvalidGroup(
            slug=[_("Three to forty small letters from a to z, digits and single hyphens between them.")]
        )
    return slug


def _cleaned(
    *, name: str, description: str, rules: str, category: str, tags: Sequence[str], privacy: str
) -> Any:
    errors: dict[str, list[object]] = {}
    texts = {
        "name": (name, NAME_MAX),
        "description": (description, DESCRIPTION_MAX),
        "rules": (rules, RULES_MAX),
    }
    kept = {field: text.replace("\x00", "").strip() for field, (text, _most) in texts.items()}
    for field, (_text, most) in texts.items():
        if len(kept[field]) > most:
            errors[field] = [_("At most %(most)d characters.") % {"most": most}]
    if not kept["name"]:
        errors["name"] = [_("Give the group a name.")]
    if category not in Category.values:
        errors["category"] = [_("There is no such category.")]
    if privacy not in Privacy.values:
        errors["privacy"] = [_("Choose who may see the group.")]
    words = list(dict.fromkeys(word for tag in tags if (word := tag.replace("\x00", "").strip().lstrip("#"))))
    if len(words) > TAGS_MOST or any(len(word) > TAG_MAX for word in words):
        errors["tags"] = [_("At most %(most)d tags, each a short word.") % {"most": TAGS_MOST}]
    if errors:
        raise InvalidGroup(**errors)
    return {**kept, "category": category, "privacy": privacy, "tags": words}
