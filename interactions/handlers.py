"""What news from below sets in motion here."""

import time

from accounts.events import PersonDeleted, PrivacyChanged, UserBlocked, UserSuspended, UserUnfollowed
from feeds import live
from feeds.events import PostDeleted, PostEdited, PostHidden
from interactions import actions, pulse
from interactions.events import CommentWritten
from interactions.models import Comment
from socialnet.kernel import realtime
from socialnet.outbox.errors import NotYet
from socialnet.outbox.handlers import on
from socialnet.outbox.rounds import in_relay

in_relay(every=pulse.WINDOW_SECONDS)(pulse.beat)


@on(CommentWritten, queue="notify")
def announce_comments(events: list[CommentWritten]) -> None:
    """Open pages learn the id, and fetch the comment through the door. Without a version: none is ever too late."""
    there = Comment.objects.standing().in_bulk([event.comment_id for event in events])
    realtime.publish_many(
        (
            f"post.{comment.post_id}",
            {
                "topic": f"post:{comment.post_id}",
                "event": "comment.new",
                "data": {
                    "id": str(comment.pk),
                    "parent_id": str(comment.parent_id) if comment.parent_id else None,
                },
            },
        )
        for comment in there.values()
    )


@on(PostDeleted, queue="maintenance", batch=20)
def remove_comments(events: list[PostDeleted]) -> None:
    """Nobody has seen them since. A few seconds at a time: others wait in the same queue."""
    until = time.monotonic() + 5
    for event in events:
        while actions.remove_comments_of(event.post_id):
            if time.monotonic() > until:
                raise NotYet(1)


@on(PersonDeleted, queue="maintenance", batch=1)
def forget_people(events: list[PersonDeleted]) -> None:
    for event in events:
        actions.forget_bookmarks(user_id=event.user_id)
        actions.forget_likes(user_id=event.user_id)
        actions.forget_comments(user_id=event.user_id)
        actions.forget_comment_likes(user_id=event.user_id)
        actions.forget_muted_conversations(user_id=event.user_id)


@on(PostEdited, PostDeleted, PostHidden)
def unseat_from_posts(events: list[PostEdited | PostDeleted | PostHidden]) -> None:
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
