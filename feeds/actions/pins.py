"""What stands first on a profile, and on the page of a group."""

from django.db import transaction

from accounts.actions import lock_people
from accounts.models import User
from feeds.actions.edits import lock_own
from feeds.errors import CannotPinShare, PinnedInItsGroup, TooManyPins
from feeds.models import PINS_MOST, GroupPin, Pin, Post
from groups.actions import check_moderator
from groups.models import Group, GroupCounts
from socialnet.kernel.errors import NotFound


@transaction.atomic
def pin_post(*, post: Post, actor: User, position: int | None = None) -> int:
    """Put a post of one's own among those that stand first, by default last of them; returns its place, from 1.

    What is pinned already moves to `position`, or stays. Raises `TooManyPins`, and `CannotPinShare`.
    """
    lock_people(actor)  # two pins at once must see each other
    standing = lock_own(post, actor)
    if standing.is_share:
        raise CannotPinShare
    if standing.group_id is not None:
        raise PinnedInItsGroup
    order = _order_of(actor)
    if standing.pk not in order:
        if len(order) >= PINS_MOST:
            raise TooManyPins(PINS_MOST)
        order.append(standing.pk)
    elif position is None:
        return order.index(standing.pk) + 1
    if position is not None:
        order.remove(standing.pk)
        order.insert(max(0, position - 1), standing.pk)
    _keep(order, of=actor)
    return order.index(standing.pk) + 1


@transaction.atomic
def move_pin(*, post: Post, actor: User, by: int) -> int | None:
    """Move a pinned post up (`by` -1) or down (1) among its neighbours; returns its place, None if it is not pinned."""
    lock_people(actor)
    lock_own(post, actor)
    order = _order_of(actor)
    if post.pk not in order:
        return None
    place = order.index(post.pk)
    order.remove(post.pk)
    order.insert(max(0, place + by), post.pk)
    _keep(order, of=actor)
    return order.index(post.pk) + 1


@transaction.atomic
def unpin_post(*, post: Post, actor: User) -> None:
    """Let a post of one's own stand among the others again; repeating it changes nothing."""
    lock_people(actor)
    lock_own(post, actor)
    order = _order_of(actor)
    if post.pk in order:
        Pin.objects.filter(pk=post.pk).delete()
        order.remove(post.pk)
        _keep(order, of=actor)


def _order_of(person: User) -> list[int]:
    pins = Pin.objects.select_for_update().filter(user=person)
    return list(pins.order_by("position").values_list("post_id", flat=True))


def _keep(order: list[int], *, of: User) -> None:
    """Number the pins from 1; a deleted post left a gap. That a position is there once is asked at the end only."""
    Pin.objects.bulk_create(
        [Pin(post_id=post_id, user=of, position=place) for place, post_id in enumerate(order, start=1)],
        update_conflicts=True,
        unique_fields=["post"],
        update_fields=["position"],
    )


@transaction.atomic
def pin_in_group(*, post: Post, actor: User) -> None:
    """Let a post stand first on the page of its group; its moderators may. Repeating it changes nothing.

    Raises `TooManyPins`, and `NotFound` for a post that is in no group.
    """
    group = _lock_group_of(post, actor)
    if GroupPin.objects.filter(pk=post.pk).exists():
        return
    if GroupPin.objects.filter(group=group).count() >= PINS_MOST:
        raise TooManyPins(PINS_MOST)
    GroupPin.objects.create(post_id=post.pk, group=group)


@transaction.atomic
def unpin_in_group(*, post: Post, actor: User) -> None:
    """Let a post stand among the others of its group again; repeating it changes nothing."""
    _lock_group_of(post, actor)
    GroupPin.objects.filter(pk=post.pk).delete()


def _lock_group_of(post: Post, actor: User) -> Group:
    """Two pins at once, and a deletion, must see each other."""
    standing = Post.objects.select_for_update(no_key=True).published().filter(pk=post.pk).first()
    group_id = standing.group_id if standing else None
    group = Group.objects.standing().filter(pk=group_id).first() if group_id else None
    if group is None:
        raise NotFound
    GroupCounts.objects.select_for_update(no_key=True).get(pk=group.pk)
    check_moderator(group, actor)  # who puts them out waits, or has done so
    return group
