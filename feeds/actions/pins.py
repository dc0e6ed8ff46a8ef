"""What stands first on a profile."""

from django.db import transaction

from accounts.actions import lock_people
from accounts.models import User
from feeds.actions.edits import lock_own
from feeds.errors import CannotPinShare, TooManyPins
from feeds.models import PINS_MOST, Pin, Post


@transaction.atomic
def pin_post(*, post: Post, actor: User, position: int | None = None) -> int:
    """Put a post of one's own among those that stand first, by default last of them; returns its place, from 1.

    What is pinned already moves to `position`, or stays. Raises `TooManyPins`, and `CannotPinShare`.
    """
    lock_people(actor)  # two pins at once must see each other
    standing = lock_own(post, actor)
    if standing.is_share:
        raise CannotPinShare
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
