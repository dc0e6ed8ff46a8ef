"""What people do with posts. The names are stored in the outbox: never rename one."""

from dataclasses import dataclass

from socialnet.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class PostLiked(Event):
    """Somebody likes a post of `author_id`, and did not before."""

    name = "interactions.post_liked"
    post_id: int
    author_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class PostUnliked(Event):
    """Somebody took their like back."""

    name = "interactions.post_unliked"
    post_id: int
    author_id: int
    user_id: int
