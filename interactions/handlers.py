"""What news from below sets in motion here."""

from accounts.events import PersonDeleted, PrivacyChanged, UserBlocked, UserSuspended, UserUnfollowed
from feeds import live
from feeds.events import PostDeleted, PostEdited
from interactions import actions, pulse
from socialnet.outbox.handlers import on
from socialnet.outbox.rounds import in_relay

in_relay(every=pulse.WINDOW_SECONDS)(pulse.beat)


@on(PersonDeleted, queue="maintenance", batch=1)
def forget_people(events: list[PersonDeleted]) -> None:
    for event in events:
        actions.forget_bookmarks(user_id=event.user_id)
        actions.forget_likes(user_id=event.user_id)


@on(PostEdited, PostDeleted)
def unseat_from_posts(events: list[PostEdited | PostDeleted]) -> None:
    """Who may not see a post any more hears no more of its counts."""
    live.rights_changed(post_ids={event.post_id for event in events})


@on(UserUnfollowed)
def unseat_after_follows(events: list[UserUnfollowed]) -> None:
    """Of both: what only friends may see goes with either follow."""
    people = {person for event in events for person in (event.follower_id, event.followee_id)}
    live.rights_changed(user_ids=people)


@on(UserBlocked)
def unseat_after_blocks(events: list[UserBlocked]) -> None:
    people = {person for event in events for person in (event.blocker_id, event.blocked_id)}
    live.rights_changed(user_ids=people)


@on(PrivacyChanged, UserSuspended, PersonDeleted)
def unseat_strangers(events: list[PrivacyChanged | UserSuspended | PersonDeleted]) -> None:
    live.rights_changed(user_ids={event.user_id for event in events})
