"""Follow, block, mute."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.actions.locks import lock_people
from accounts.errors import (
    CannotFollow,
    FollowLimit,
    InvalidFields,
    PersonSuspended,
    SelfBlock,
    SelfFollow,
    SelfMute,
    UnblockFirst,
)
from accounts.events import (
    FollowRequested,
    FollowRequestEnded,
    UserBlocked,
    UserFollowed,
    UserMuted,
    UserUnblocked,
    UserUnfollowed,
    UserUnmuted,
)
from accounts.models import Block, Follow, Mute, PersonCounts, User
from accounts.selectors import is_ahead
from socialnet.kernel.errors import NotFound
from socialnet.outbox.actions import emit, record


@transaction.atomic
def follow_user(*, follower: User, followee: User, notify: bool | None = None) -> Follow:
    """Make `follower` see `followee`'s posts; a private account is asked first. Repeating it changes nothing but
    the bell (`notify`), and that only when it is given.

    Raises `SelfFollow`, `CannotFollow`, `UnblockFirst`, `PersonSuspended`, `FollowLimit`.
    """
    if follower.pk == followee.pk:
        raise SelfFollow
    follower, followee = lock_people(follower, followee)
    _refuse_across_a_block(follower, followee)
    follow = Follow.objects.filter(follower=follower, followee=followee).first()
    if follow is None:
        return _begin_follow(follower, followee, notify=bool(notify))
    if notify is not None:
        _ring(follow, notify)
    return follow


@transaction.atomic
def set_bell(*, follower: User, followee: User, notify: bool) -> Follow:
    """Whether `follower` hears of each new post of `followee`. Raises `NotFound` for who does not follow, nor asks."""
    follower, followee = lock_people(follower, followee)
    follow = Follow.objects.filter(follower=follower, followee=followee).first()
    if follow is None:
        raise NotFound
    _ring(follow, notify)
    return follow


def _ring(follow: Follow, notify: bool) -> None:
    if follow.notify != notify:
        follow.notify = notify
        follow.save(update_fields=["notify"])


@transaction.atomic
def unfollow_user(*, follower: User, followee: User) -> None:
    """End a follow, or withdraw the asking."""
    lock_people(follower, followee)
    _end_follow(follower, followee)


@transaction.atomic
def accept_follow_request(*, followee: User, follower: User) -> Follow:
    """Let `follower` in; accepting twice is accepting once. Raises `NotFound` when nobody asks."""
    followee, follower = lock_people(followee, follower)
    follow = Follow.objects.filter(follower=follower, followee=followee).first()
    if follow is None:
        raise NotFound
    if not follow.is_active:
        _activate(follow, follower, followee)
    return follow


@transaction.atomic
def refuse_follow_request(*, followee: User, follower: User) -> None:
    """Turn the asking down; `follower` is not told. Active followers are not touched."""
    lock_people(followee, follower)
    if _delete(Follow.objects.pending().filter(follower=follower, followee=followee)):
        _tell_request_ended(follower.pk, followee.pk, by=followee.pk)


@transaction.atomic
def block_user(*, blocker: User, blocked: User) -> Block:
    """End follows and requests both ways and hide each from the other."""
    if blocker.pk == blocked.pk:
        raise SelfBlock
    lock_people(blocker, blocked)
    block, created = Block.objects.get_or_create(blocker=blocker, blocked=blocked)
    if created:
        _end_follow(blocker, blocked)
        _end_follow(blocked, blocker)
        emit(UserBlocked(blocker_id=blocker.pk, blocked_id=blocked.pk), actor_id=blocker.pk)
        _record("accounts.block", blocker, blocked)
    return block


@transaction.atomic
def unblock_user(*, blocker: User, blocked: User) -> None:
    """Let the two meet again; follows that the block ended do not come back."""
    lock_people(blocker, blocked)
    if _delete(Block.objects.filter(blocker=blocker, blocked=blocked)):
        emit(UserUnblocked(blocker_id=blocker.pk, blocked_id=blocked.pk), actor_id=blocker.pk)
        _record("accounts.unblock", blocker, blocked)


@transaction.atomic
def mute_user(*, muter: User, muted: User, until: datetime | None = None) -> Mute:
    """Keep `muted` out of `muter`'s home, until `until` or for good; again replaces the end."""
    if muter.pk == muted.pk:
        raise SelfMute
    lock_people(muter, muted)
    if until is not None and not is_ahead(until):
        raise InvalidFields(until=[_("This moment has passed.")])
    mute, _created = Mute.objects.update_or_create(muter=muter, muted=muted, defaults={"until": until})
    emit(UserMuted(muter_id=muter.pk, muted_id=muted.pk), actor_id=muter.pk)
    return mute


@transaction.atomic
def unmute_user(*, muter: User, muted: User) -> None:
    lock_people(muter, muted)
    if _delete(Mute.objects.filter(muter=muter, muted=muted)):
        emit(UserUnmuted(muter_id=muter.pk, muted_id=muted.pk), actor_id=muter.pk)


def accept_requests_of_public(*, followee_id: int, first: int, last: int) -> int:
    """Let in those who asked an account that is public by now, of the follows `first` to `last`; how many."""
    waiting = Follow.objects.pending().filter(followee=followee_id, pk__range=(first, last)).order_by("pk")
    return sum(
        _accept_if_public(followee_id, follower_id)
        for follower_id in waiting.values_list("follower_id", flat=True)
    )


@transaction.atomic
def _accept_if_public(followee_id: int, follower_id: int) -> int:
    try:
        followee, follower = lock_people(User(pk=followee_id), User(pk=follower_id))
    except NotFound:
        return 0
    follow = Follow.objects.pending().filter(followee=followee, follower=follower).first()
    if follow is None or followee.is_private:
        return 0
    _activate(follow, follower, followee)
    return 1


def end_follows_of_deleted(*, user_id: int, first: int, last: int) -> int:
    """Delete the follows `first` to `last` of a deleted person, either way, with the counts of the others."""
    follows = Follow.objects.filter(Q(follower=user_id) | Q(followee=user_id), pk__range=(first, last))
    return sum(_end_follow_of_deleted(pk) for pk in list(follows.values_list("pk", flat=True)))


@transaction.atomic
def _end_follow_of_deleted(pk: int) -> int:
    follow = Follow.objects.filter(pk=pk).first()
    if follow is None:
        return 0
    pair = User.objects.select_for_update(no_key=True).filter(pk__in=[follow.follower_id, follow.followee_id])
    list(pair.order_by("pk"))
    follow = Follow.objects.filter(pk=pk).first()
    if follow is None:
        return 0
    if follow.is_active:
        _uncount_follow(follow)
        emit(UserUnfollowed(follower_id=follow.follower_id, followee_id=follow.followee_id))
    else:
        _tell_request_ended(follow.follower_id, follow.followee_id)
    follow.delete()
    return 1


def _refuse_across_a_block(follower: User, followee: User) -> None:
    if Block.objects.filter(blocker=followee, blocked=follower).exists():
        raise CannotFollow
    if Block.objects.filter(blocker=follower, blocked=followee).exists():
        raise UnblockFirst
    if followee.is_suspended:
        raise PersonSuspended


def _begin_follow(follower: User, followee: User, *, notify: bool) -> Follow:
    # Requests count too, so that accepting one can never pass the limit.
    if Follow.objects.filter(follower=follower).count() >= settings.FOLLOW_LIMIT:
        raise FollowLimit
    status = Follow.Status.PENDING if followee.is_private else Follow.Status.ACTIVE
    follow = Follow.objects.create(
        follower=follower,
        followee=followee,
        status=status,
        notify=notify,
        is_counted=_both_stand(follower, followee),
    )
    if follow.is_active:
        _count_follow(follow)
        emit(UserFollowed(follower_id=follower.pk, followee_id=followee.pk), actor_id=follower.pk)
    else:
        emit(FollowRequested(follower_id=follower.pk, followee_id=followee.pk), actor_id=follower.pk)
    _record("accounts.follow", follower, followee, status=status)
    return follow


def _activate(follow: Follow, follower: User, followee: User) -> None:
    follow.status = Follow.Status.ACTIVE
    follow.is_counted = _both_stand(follower, followee)
    follow.save(update_fields=["status", "is_counted"])
    _count_follow(follow)
    emit(
        UserFollowed(follower_id=follow.follower_id, followee_id=follow.followee_id, was_asked=True),
        actor_id=follow.followee_id,
    )
    record(
        "accounts.accept_follow",
        actor_id=follow.followee_id,
        target_type="user",
        target_id=follow.follower_id,
        before={"status": Follow.Status.PENDING},
        after={"status": Follow.Status.ACTIVE},
    )


def _end_follow(follower: User, followee: User) -> None:
    """Delete the follow if there is one; both people are locked by the caller."""
    follow = Follow.objects.filter(follower=follower, followee=followee).first()
    if follow is None:
        return
    if follow.is_active:
        _uncount_follow(follow)
        emit(UserUnfollowed(follower_id=follower.pk, followee_id=followee.pk), actor_id=follower.pk)
    else:
        _tell_request_ended(follower.pk, followee.pk, by=follower.pk)
    record(
        "accounts.unfollow",
        actor_id=follower.pk,
        target_type="user",
        target_id=followee.pk,
        before={"status": follow.status},
    )
    follow.delete()


def _tell_request_ended(follower_id: int, followee_id: int, *, by: int | None = None) -> None:
    emit(FollowRequestEnded(follower_id=follower_id, followee_id=followee_id), actor_id=by)


def _both_stand(follower: User, followee: User) -> bool:
    """Whether a follow between the two counts; both are locked, so nobody is suspended meanwhile."""
    return not (follower.is_suspended or followee.is_suspended)


def _count_follow(follow: Follow, *, by: int = 1) -> None:
    if follow.is_counted:
        PersonCounts.objects.filter(pk=follow.follower_id).update(following=F("following") + by)
        PersonCounts.objects.filter(pk=follow.followee_id).update(followers=F("followers") + by)


def _uncount_follow(follow: Follow) -> None:
    _count_follow(follow, by=-1)


def _record(act: str, actor: User, target: User, **after: str) -> None:
    record(act, actor_id=actor.pk, target_type="user", target_id=target.pk, after=after)


def _delete(rows: QuerySet[Any]) -> bool:
    return bool(rows.delete()[0])
