"""What follows for suggestions from what happens between people. Each looks at what is true now, and may run twice."""

from collections.abc import Sequence

from accounts.events import (
    FollowRequested,
    FollowRequestEnded,
    PersonDeleted,
    PersonJoined,
    ProfileChanged,
    UserFollowed,
    UserUnfollowed,
)
from discovery import actions
from discovery.models import SuggestionDismissal, SuggestionList
from discovery.people import lists, numbers
from socialnet.kernel import overload
from socialnet.outbox.handlers import on

Why = SuggestionDismissal.Why


@on(UserFollowed, queue="maintenance")
def renew_suggestions(events: Sequence[UserFollowed]) -> None:
    """Who follows somebody new finds others through them, if they look at lists at all."""
    followers = {event.follower_id for event in events}
    if overload.is_strained():
        return
    with_list = SuggestionList.objects.filter(pk__in=followers).values_list("pk", flat=True)
    lists.renew(list(with_list))


@on(UserFollowed, FollowRequested, queue="maintenance")
def count_followed(events: Sequence[UserFollowed]) -> None:
    """Follows of people who were suggested. A request counts when it is made, not again when it is accepted."""
    for event in events:
        numbers.note_outcome(event.follower_id, event.followee_id, "followed")


@on(UserUnfollowed)
def remember_unfollowed(events: Sequence[UserUnfollowed]) -> None:
    pairs = [(event.follower_id, event.followee_id) for event in events]
    actions.remember_partings(pairs=pairs, why=Why.UNFOLLOWED)


@on(FollowRequestEnded)
def remember_ended_requests(events: Sequence[FollowRequestEnded]) -> None:
    """Withdrawn or refused, which is the same here: who was refused is not told, and is not tempted to ask again."""
    pairs = [(event.follower_id, event.followee_id) for event in events]
    actions.remember_partings(pairs=pairs, why=Why.REQUEST_ENDED)


@on(PersonJoined)
def await_newcomers(events: Sequence[PersonJoined]) -> None:
    actions.expect_welcome(user_ids=[event.user_id for event in events])


@on(ProfileChanged)
def keep_up_with_places(events: Sequence[ProfileChanged]) -> None:
    actions.follow_places(user_ids={event.user_id for event in events})


@on(PersonDeleted)
def forget_finding(events: Sequence[PersonDeleted]) -> None:
    actions.forget_of_deleted(user_ids=[event.user_id for event in events])
