"""What people do is counted for trends; twice or late changes nothing."""

from accounts.events import ReachChanged, UserFollowed, UserLimited, UserUnlimited
from discovery.models import TrendKind
from discovery.trends import counting, reading
from feeds.events import PostEdited, PostPublished
from interactions.events import CommentWritten, PostLiked
from socialnet.outbox.handlers import on

GATHER = 2.0  # seconds: scores are made of it every few minutes


@on(PostPublished, PostEdited, batch=500, gather=GATHER)
def count_posts(events: list[PostPublished | PostEdited]) -> None:
    """The tags they carry now, and what they share."""
    counting.count_posts({event.post_id for event in events})


@on(PostLiked, batch=500, gather=GATHER)
def count_likes(events: list[PostLiked]) -> None:
    counting.count_likes({(event.user_id, event.post_id) for event in events})


@on(CommentWritten, batch=500, gather=GATHER)
def count_comments(events: list[CommentWritten]) -> None:
    counting.count_comments({event.comment_id for event in events})


@on(UserFollowed, batch=500, gather=GATHER)
def count_follows(events: list[UserFollowed]) -> None:
    counting.count_follows({(event.follower_id, event.followee_id) for event in events})


@on(UserLimited, UserUnlimited, ReachChanged)
def follow_limits(events: list[UserLimited | UserUnlimited | ReachChanged]) -> None:
    """Limited people are in the last snapshot, too; lists are made anew without them."""
    for kind in (TrendKind.POST, TrendKind.PERSON):
        reading.POLICY.surely_drop(kind)
