"""Founding a group, changing it, ending it; and taking it out of sight, for moderators."""

from collections.abc import Sequence
from functools import partial
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.actions import lock_people
from accounts.models import User
from groups import covers
from groups.actions.ground import (
    WAITING,
    Role,
    check_owner,
    check_room,
    forget_groups_of,
    lock_group,
    lock_kept,
)
from groups.actions.wording import cleaned_fields, cleaned_slug
from groups.errors import InvalidGroup
from groups.events import (
    GroupChanged,
    GroupCreated,
    GroupDeleted,
    GroupHidden,
    GroupJoined,
    GroupLeft,
    GroupShown,
    GroupWaitingEnded,
)
from groups.models import Category, Group, GroupCounts, Membership, Privacy
from socialnet.outbox.actions import emit, record


@transaction.atomic
def create_group(
    *,
    owner: User,
    slug: str,
    name: str,
    privacy: str = Privacy.PUBLIC,
    description: str = "",
    rules: str = "",
    category: str = Category.OTHER,
    tags: Sequence[str] = (),
) -> Group:
    """A group with `owner` as its only member. Raises `InvalidGroup` and `GroupLimit`."""
    (person,) = lock_people(owner)
    fields = cleaned_fields(
        name=name, privacy=privacy, description=description, rules=rules, category=category, tags=tags
    )
    check_room(person)
    group = _saved(Group(slug=cleaned_slug(slug), **fields))
    GroupCounts.objects.create(group=group, members=1)
    Membership.objects.create(group=group, user=person, role=Role.OWNER)
    emit(GroupCreated(group_id=group.pk, user_id=person.pk), actor_id=person.pk)
    emit(GroupJoined(group_id=group.pk, user_id=person.pk), actor_id=person.pk)
    forget_groups_of(person.pk)
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

    Raises `InvalidGroup`, and of a cover `UnreadablePicture`, `PictureTooLarge`, `StorageFull`, `StorageAway`; then
    nothing is changed. A cover takes a second or so, outside of any transaction.
    """
    check_owner(group, actor)  # before anything is drawn for them
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
    standing = lock_group(group)
    check_owner(standing, actor)
    alt = changes.pop("cover_alt", None)
    is_covered = _cover(standing, cover, alt)
    kept = {
        field: getattr(standing, field)
        for field in ("name", "description", "rules", "category", "tags", "privacy")
    }
    cleaned = cleaned_fields(**{**kept, **changes})
    new = {field: value for field, value in cleaned.items() if value != kept[field]}
    if not new and not is_covered:
        return standing
    for field, value in new.items():
        setattr(standing, field, value)
    standing.save(update_fields=[*new, *_COVER])
    if "privacy" in new:
        record(
            "groups.privacy",
            actor_id=actor.pk,
            target_type="group",
            target_id=standing.pk,
            before={"privacy": kept["privacy"]},
            after={"privacy": new["privacy"]},
        )
    emit(GroupChanged(group_id=standing.pk), actor_id=actor.pk)
    return standing


_COVER = ("cover", "cover_small", "cover_blurhash", "cover_alt")


def _cover(group: Group, cover: covers.Cover | None, alt: str | None) -> bool:
    """Whether its cover, or the words for it, are others now; old files go once that is so for everybody."""
    before = [getattr(group, field) for field in _COVER]
    if cover is not None:
        transaction.on_commit(partial(covers.remove_files, group.cover, group.cover_small))
        group.cover, group.cover_small, group.cover_blurhash = cover.large, cover.small, cover.blurhash
        group.cover_alt = ""
    if alt is not None and group.cover:
        group.cover_alt = covers.checked_alt(alt)
    return before != [getattr(group, field) for field in _COVER]


@transaction.atomic
def delete_group(*, group: Group, actor: User) -> None:
    """End a group for everybody; only its owners may. What was said in it is left to its authors alone."""
    standing = lock_group(group)
    check_owner(standing, actor)
    people = list(Membership.objects.active().filter(group=standing).values_list("user_id", flat=True))
    waiting = list(
        Membership.objects.filter(group=standing, status__in=WAITING).values_list("user_id", flat=True)
    )
    Membership.objects.filter(group=standing).delete()
    GroupCounts.objects.filter(pk=standing.pk).update(members=0)
    _cover(standing, covers.NONE, None)
    Group.objects.filter(pk=standing.pk).update(deleted_at=Now(), **dict.fromkeys(_COVER, ""))
    record("groups.delete", actor_id=actor.pk, target_type="group", target_id=standing.pk)
    emit(GroupDeleted(group_id=standing.pk), actor_id=actor.pk)
    for user_id in people:
        emit(GroupLeft(group_id=standing.pk, user_id=user_id), actor_id=actor.pk)
    for user_id in waiting:
        emit(GroupWaitingEnded(group_id=standing.pk, user_id=user_id), actor_id=actor.pk)
    forget_groups_of(*people)


@transaction.atomic
def hide_group(*, group_id: int, actor: User | None) -> None:
    """Take a group out of everybody's sight, its members' too, with what is said in it; who is in it stays in it.

    For moderators. What somebody said there they see still, alone. Repeating it changes nothing. Raises `NotFound`.
    """
    if lock_kept(group_id).hidden_at is None:
        Group.objects.filter(pk=group_id).update(hidden_at=Now())
        _record_hidden(group_id, actor, hidden=True)
        emit(GroupHidden(group_id=group_id), actor_id=actor.pk if actor else None)


@transaction.atomic
def unhide_group(*, group_id: int, actor: User | None) -> None:
    """Let a group be there again as it was; raises as `hide_group` does."""
    if lock_kept(group_id).hidden_at is not None:
        Group.objects.filter(pk=group_id).update(hidden_at=None)
        _record_hidden(group_id, actor, hidden=False)
        emit(GroupShown(group_id=group_id), actor_id=actor.pk if actor else None)


def _record_hidden(group_id: int, actor: User | None, *, hidden: bool) -> None:
    record(
        "groups.hidden" if hidden else "groups.shown",
        actor_id=actor.pk if actor else None,
        target_type="group",
        target_id=group_id,
        before={"hidden": not hidden},
        after={"hidden": hidden},
    )
