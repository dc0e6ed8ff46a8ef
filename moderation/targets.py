"""What can be reported and judged: for each kind how it is found, what it says, and how it goes out of sight.

Another kind is another line in `KINDS`.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts import actions as people
from accounts.models import User
from accounts.selectors import get_user_or_404
from feeds import actions as posts
from feeds.door import Audience, audience_includes
from feeds.models import IS_SHARE, Media, Post
from feeds.selectors import get_visible_post
from groups import actions as groups
from groups.models import Group, Membership, Privacy
from groups.selectors import get_visible_group
from interactions import actions as comments
from interactions.models import Comment
from interactions.selectors import get_visible_comment
from moderation.models import Case, HeldGroup, HeldProfile, TargetKind
from socialnet.kernel.errors import NotFound
from socialnet.outbox.ids import MAX_ID


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing, as it is now. `is_open`: every visitor may read it; else a look at it is put on the record.

    `group_id` is the group in which it was said. `is_apart`: a block keeps it from whoever reports it.
    """

    kind: str
    id: int
    person: User
    said: str
    url: str
    is_open: bool
    group_id: int | None = None
    is_apart: bool = False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`seen` finds it for a reporter, by what addresses it, and `apart` whatever blocks there are; `found` finds it for
    a moderator, by its id. All raise `NotFound`.

    `hide` and `show` take it out of sight and let it be seen again; None where there is nothing to hide. `is_held` says
    whether it waits for moderators, `hold` makes it wait, and `release` ends that: `is_fine` if nothing is wrong.
    """

    seen: Callable[[str, Any], Target]
    found: Callable[[int], Target]
    apart: Callable[[str, Any], Target] | None = None
    hide: Callable[[int, User | None], object] | None = None
    show: Callable[[int, User | None], object] | None = None
    is_held: Callable[[int], bool] = lambda _id: False
    hold: Callable[[int], object] | None = None
    release: Callable[[int, User | None, bool], object] | None = None


def seen(kind: str, ident: str, *, viewer: User) -> Target:
    """What `viewer` may see at this address: an id, of people the username, of groups the slug. Raises `NotFound`."""
    if kind not in KINDS:
        raise NotFound
    return KINDS[kind].seen(ident, viewer)


def reportable(kind: str, ident: str, *, viewer: User) -> Target:
    """As `seen`, and what they would see if nobody had blocked anybody: blocking does not shield from reports. Of that
    nothing is to be shown; see `is_apart`. Raises `NotFound`."""
    with suppress(NotFound):
        return seen(kind, ident, viewer=viewer)
    if kind not in KINDS or (act := KINDS[kind].apart) is None:
        raise NotFound
    return replace(act(ident, viewer), is_apart=True)


def found(kind: str, target_id: int) -> Target | None:
    """As it is now, whoever may see it; None when it is gone."""
    if kind not in KINDS:
        return None
    with suppress(NotFound):
        return KINDS[kind].found(target_id)
    return None


def whose(case: Case) -> User | None:
    """Whom a case is about, by now: of a group who answers for it, else as it was. What screening found in the words of
    a group stays whoever's they were."""
    if case.target_kind == TargetKind.GROUP and not case.is_screened:
        target = found(case.target_kind, case.target_id)
        return target.person if target else case.person
    return case.person


def can_be_hidden(kind: str) -> bool:
    return kind in KINDS and KINDS[kind].hide is not None


def hide(kind: str, target_id: int, *, actor: User | None) -> None:
    """Take it out of sight; what is gone already needs no hiding."""
    if act := KINDS[kind].hide:
        with suppress(NotFound):
            act(target_id, actor)


def show(kind: str, target_id: int, *, actor: User | None) -> None:
    if act := KINDS[kind].show:
        with suppress(NotFound):
            act(target_id, actor)


def is_held(kind: str, target_id: int) -> bool:
    return kind in KINDS and KINDS[kind].is_held(target_id)


def hold(kind: str, target_id: int) -> bool:
    """Let only its author see it until moderators looked; what is gone need not wait. Whether such a thing can."""
    act = KINDS[kind].hold
    if act is None:
        return False
    with suppress(NotFound):
        act(target_id)
    return True


def release(kind: str, target_id: int, *, actor: User | None, is_fine: bool) -> None:
    """What waited waits no longer; what does not is left as it is."""
    if act := KINDS[kind].release:
        with suppress(NotFound):
            act(target_id, actor, is_fine)


def number(text: str) -> int:
    """An id out of an address; raises `NotFound` for anything else."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= MAX_ID):
        raise NotFound
    return int(text[:20])


def _post(post: Post) -> Target:
    """It says what is to be seen on its pictures, too."""
    is_open = post.visibility == Audience.PUBLIC and not post.author.is_private
    pictures = (
        Media.objects.filter(post=post).order_by("position") if post.with_media else Media.objects.none()
    )
    lines = (post.content_warning, post.content, *pictures.values_list("alt", flat=True))
    return Target(
        kind=TargetKind.POST,
        id=post.pk,
        person=post.author,
        said="\n".join(filter(None, lines)),
        url=post.get_absolute_url(),
        is_open=is_open,
        group_id=post.group_id,
    )


def _found_post(post_id: int) -> Target:
    post = Post.objects.select_related("author").filter(pk=post_id, deleted_at=None).first()
    if post is None:
        raise NotFound
    return _post(post)


def _posts_apart(viewer: User) -> QuerySet[Post]:
    """What `viewer` may see but for blocks: what every visitor may, and what is said in groups of theirs. What is for
    followers a block takes away for good."""
    posts = Post.objects.published().filter(~IS_SHARE, audience_includes(viewer))
    return posts.filter(author__suspended_at=None, author__is_active=True)


def _post_apart(ident: str, viewer: User) -> Target:
    post = _posts_apart(viewer).select_related("author").filter(pk=number(ident)).first()
    if post is None:
        raise NotFound
    return _post(post)


def _comment_apart(ident: str, viewer: User) -> Target:
    heard = Comment.objects.shown_to(AnonymousUser()).filter(pk=number(ident)).first()
    if heard is None:
        raise NotFound
    under = Post.objects.visible_to(viewer).filter(pk=heard.post_id)
    if not (under.exists() or _posts_apart(viewer).filter(pk=heard.post_id).exists()):
        raise NotFound
    return _found_comment(heard.pk)


def _comment(comment: Comment) -> Target:
    post = _post(comment.post)
    if comment.author is None:  # a tombstone
        raise NotFound
    return Target(
        kind=TargetKind.COMMENT,
        id=comment.pk,
        person=comment.author,
        said=comment.content,
        url=f"{post.url}?comment={comment.pk}#comment-{comment.pk}",
        is_open=post.is_open,
        group_id=post.group_id,
    )


def _found_comment(comment_id: int) -> Target:
    comments_ = Comment.objects.standing().select_related("author", "post__author")
    comment = comments_.filter(pk=comment_id).first()
    if comment is None:
        raise NotFound
    return _comment(comment)


def _seen_comment(ident: str, viewer: User) -> Target:
    return _found_comment(get_visible_comment(number(ident), viewer=viewer).pk)


def _person(person: User) -> Target:
    said = "\n".join(filter(None, (person.display_name, person.bio, person.location, person.website)))
    return Target(
        kind=TargetKind.USER,
        id=person.pk,
        person=person,
        said=said,
        url=person.get_absolute_url(),
        is_open=True,
    )


def _found_person(user_id: int) -> Target:
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None:
        raise NotFound
    return _person(person)


def _release_profile(user_id: int, _actor: User | None, is_fine: bool) -> None:
    """What waits is said from now on if nothing is wrong with it, else forgotten. Locked in the order of edits."""
    (person,) = people.lock_people(User(pk=user_id))
    held = HeldProfile.objects.select_for_update().filter(person=user_id).first()
    if held is None:
        return
    held.delete()
    if is_fine:
        people.edit_profile(user=person, is_screened=False, **held.fields)


def _group(group: Group) -> Target:
    """Who answers for a group is its first owner."""
    owners = Membership.objects.active().filter(group=group, role=Membership.Role.OWNER)
    owner = owners.select_related("user").order_by("pk").first()
    if owner is None:
        raise NotFound
    lines = (group.name, group.description, group.rules, ", ".join(group.tags), group.cover_alt)
    return Target(
        kind=TargetKind.GROUP,
        id=group.pk,
        person=owner.user,
        said="\n".join(filter(None, lines)),
        url=group.get_absolute_url(),
        is_open=group.privacy != Privacy.INVITE,
    )


def _found_group(group_id: int) -> Target:
    group = Group.objects.kept().filter(pk=group_id).first()
    if group is None:
        raise NotFound
    return _group(group)


def _is_group_held(group_id: int) -> bool:
    return (
        Group.objects.kept().filter(pk=group_id).exclude(held_at=None).exists()
        or HeldGroup.objects.filter(group=group_id, group__deleted_at=None).exists()
    )


def _hide_group(group_id: int, actor: User | None) -> None:
    """What it waits to say is forgotten."""
    groups.hide_group(group_id=group_id, actor=actor)
    HeldGroup.objects.filter(group=group_id).delete()


def _release_group(group_id: int, actor: User | None, is_fine: bool) -> None:
    """A group that waits is seen; what one waits to say is said if nothing is wrong with it, else forgotten. Locked in
    the order of changes."""
    groups.release_group(group_id=group_id, actor=actor)
    held = HeldGroup.objects.select_for_update().filter(group=group_id).first()
    if held is not None:
        held.delete()
        if is_fine:
            groups.say_what_waited(group_id=group_id, fields=held.fields)


KINDS: dict[str, Kind] = {
    TargetKind.POST: Kind(
        seen=lambda ident, viewer: _post(get_visible_post(number(ident), viewer=viewer)),
        found=_found_post,
        apart=_post_apart,
        hide=lambda ident, actor: posts.hide_post(post_id=ident, actor=actor),
        show=lambda ident, actor: posts.unhide_post(post_id=ident, actor=actor),
        is_held=lambda ident: Post.objects.filter(pk=ident, deleted_at=None).exclude(held_at=None).exists(),
        hold=lambda ident: posts.hold_post(post_id=ident),
        release=lambda ident, actor, _fine: posts.release_post(post_id=ident, actor=actor),
    ),
    TargetKind.COMMENT: Kind(
        seen=_seen_comment,
        found=_found_comment,
        apart=_comment_apart,
        hide=lambda ident, actor: comments.withhold_comment(comment_id=ident, actor=actor),
        show=lambda ident, actor: comments.release_comment(comment_id=ident, actor=actor),
        is_held=lambda ident: Comment.objects.standing().filter(pk=ident).exclude(held_at=None).exists(),
        hold=lambda ident: comments.hold_comment(comment_id=ident),
        release=lambda ident, actor, _fine: comments.release_held_comment(comment_id=ident, actor=actor),
    ),
    TargetKind.USER: Kind(
        seen=lambda ident, viewer: _person(get_user_or_404(ident, viewer=viewer)),
        found=_found_person,
        apart=lambda ident, _viewer: _person(get_user_or_404(ident, viewer=AnonymousUser())),
        is_held=lambda ident: HeldProfile.objects.filter(person=ident).exists(),
        release=_release_profile,
    ),
    TargetKind.GROUP: Kind(
        seen=lambda ident, viewer: _group(get_visible_group(ident, viewer=viewer).group),
        found=_found_group,
        hide=_hide_group,
        show=lambda ident, actor: groups.unhide_group(group_id=ident, actor=actor),
        is_held=_is_group_held,
        release=_release_group,
    ),
}
