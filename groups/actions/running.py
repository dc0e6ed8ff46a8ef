"""Founding a group, changing it, ending it; and taking it out of sight, for moderators."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.actions import lock_people
from accounts.models import User
from groups import covers, screening
from groups.actions.ground import (
    WAITING,
    Role,
    Status,
    check_owner,
    check_room,
    end_membership,
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
from groups.models import Category, DeclinedInvitation, Group, GroupCounts, Membership, Privacy
from socialnet.outbox.actions import emit, record


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
    fields = cleaned_fields(
        name=name, privacy=privacy, description=description, rules=rules, category=category, tags=tags
    )
    check_room(person)
    slug = cleaned_slug(slug)
    verdict = screening.of_new(person, slug=slug, fields=fields | {"cover_alt": cover_alt})
    held = {"hidden_at": Now(), "held_at": Now()} if verdict.is_held else {}
    drawn = {"cover": cover.large, "cover_small": cover.small, "cover_blurhash": cover.blurhash}
    group = _saved(Group(slug=slug, cover_alt=cover_alt, **drawn, **fields, **held))
    verdict.keep(group.pk)
    GroupCounts.objects.create(group=group, members=1)
    Membership.objects.create(group=group, user=person, role=Role.OWNER)
    emit(GroupCreated(group_id=group.pk, user_id=person.pk), actor_id=person.pk)
    emit(GroupJoined(group_id=group.pk, user_id=person.pk), actor_id=person.pk)
    forget_groups_of(person.pk)
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
    kept = {field: getattr(standing, field) for field in _CHANGED}
    is_covered = _cover(standing, cover)
    new: dict[str, Any] = cleaned_fields(**{**kept, **changes})
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
    standing = lock_kept(group_id)
    if not standing.cover:
        fields = {field: value for field, value in fields.items() if field != "cover_alt"}
    if _write(standing, fields, is_covered=False):
        emit(GroupChanged(group_id=standing.pk))


def _write(group: Group, fields: Mapping[str, Any], *, is_covered: bool) -> bool:
    """Whether anything is other now than it was."""
    new = {field: value for field, value in fields.items() if value != getattr(group, field)}
    for field, value in new.items():
        setattr(group, field, value)
    if new or is_covered:
        group.save(update_fields={*new, *_COVER})
    return bool(new or is_covered)


def _end_requests(group: Group, actor: User) -> None:
    """Nobody asks to join what they may not know of."""
    for asking in Membership.objects.filter(group=group, status=Status.PENDING).order_by("pk"):
        end_membership(asking, actor_id=actor.pk)


_CHANGED = ("name", "description", "rules", "category", "tags", "privacy")
_COVER = ("cover", "cover_small", "cover_blurhash", "cover_alt")


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
    standing = lock_group(group, also_held=True)
    check_owner(standing, actor)
    people = list(Membership.objects.active().filter(group=standing).values_list("user_id", flat=True))
    waiting = list(
        Membership.objects.filter(group=standing, status__in=WAITING).values_list("user_id", flat=True)
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
    forget_groups_of(*people)


@transaction.atomic
def hide_group(*, group_id: int, actor: User | None) -> None:
    """Take a group out of everybody's sight, its members' too, with what is said in it; who is in it stays in it.

    For moderators. What somebody said there they see still, alone. Repeating it changes nothing. Raises `NotFound`.
    """
    group = lock_kept(group_id)
    if group.hidden_at is None or group.held_at is not None:
        Group.objects.filter(pk=group_id).update(hidden_at=Now(), held_at=None)
        _record_hidden(group_id, actor, hidden=True)
        emit(GroupHidden(group_id=group_id), actor_id=actor.pk if actor else None)


@transaction.atomic
def unhide_group(*, group_id: int, actor: User | None) -> None:
    """Let a group be there again as it was; raises as `hide_group` does."""
    if lock_kept(group_id).hidden_at is not None:
        Group.objects.filter(pk=group_id).update(hidden_at=None, held_at=None)
        _record_hidden(group_id, actor, hidden=False)
        emit(GroupShown(group_id=group_id), actor_id=actor.pk if actor else None)


@transaction.atomic
def release_group(*, group_id: int, actor: User | None) -> None:
    """As `unhide_group`, of what is held; what is hidden by decision, or seen already, stays as it is."""
    if lock_kept(group_id).held_at is not None:
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
