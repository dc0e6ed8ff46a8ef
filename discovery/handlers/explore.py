"""What comes of what Explore showed."""

from discovery.explore import seen
from interactions.events import CommentWritten, PostLiked
from socialnet.outbox.handlers import on


@on(PostLiked, CommentWritten, queue="maintenance", batch=500, gather=5.0)
def count_engagement(events: list[PostLiked | CommentWritten]) -> None:
    for event in events:
        person_id = event.user_id if isinstance(event, PostLiked) else event.author_id
        seen.engage(person_id, event.post_id)
