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


@dataclass(frozen=True, kw_only=True)
class CommentWritten(Event):
    """`author_id` commented on a post (`parent_id` is None) or answered a comment of `answered_id`."""

    name = "interactions.comment_written"
    comment_id: int
    post_id: int
    author_id: int
    parent_id: int | None
    answered_id: int | None


@dataclass(frozen=True, kw_only=True)
class CommentEdited(Event):
    name = "interactions.comment_edited"
    comment_id: int
    post_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class CommentDeleted(Event):
    """By its author, by a moderator, or because its author left."""

    name = "interactions.comment_deleted"
    comment_id: int
    post_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class CommentHidden(Event):
    """The author of the post folded it away."""

    name = "interactions.comment_hidden"
    comment_id: int
    post_id: int


@dataclass(frozen=True, kw_only=True)
class CommentShown(Event):
    """The author of the post no longer folds it away."""

    name = "interactions.comment_shown"
    comment_id: int
    post_id: int


@dataclass(frozen=True, kw_only=True)
class CommentWithheld(Event):
    """A moderator took it out of sight; it may come back."""

    name = "interactions.comment_withheld"
    comment_id: int
    post_id: int


@dataclass(frozen=True, kw_only=True)
class CommentReleased(Event):
    """What was withheld is seen again."""

    name = "interactions.comment_released"
    comment_id: int
    post_id: int


@dataclass(frozen=True, kw_only=True)
class CommentLiked(Event):
    """Somebody likes a comment of `author_id`, and did not before."""

    name = "interactions.comment_liked"
    comment_id: int
    author_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class CommentUnliked(Event):
    """Somebody took their like back."""

    name = "interactions.comment_unliked"
    comment_id: int
    author_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class PeopleMentionedInComment(Event):
    """A comment names these people, and its version before did not. `answered_id` wrote what it answers."""

    name = "interactions.people_mentioned_in_comment"
    comment_id: int
    post_id: int
    author_id: int
    user_ids: list[int]
    answered_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ConversationUnmuted(Event):
    """Somebody wants to hear again of what is said under a post."""

    name = "interactions.conversation_unmuted"
    user_id: int
    post_id: int
