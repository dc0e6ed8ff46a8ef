"""The HTML door to what people do with posts."""

from interactions.views.bookmarks import bookmark, bookmarks, unbookmark
from interactions.views.comments import (
    comment,
    comment_delete,
    comment_edit,
    comment_hide,
    comment_like,
    comment_unhide,
    comment_unlike,
    comments,
    conversation_mute,
    conversation_unmute,
    profile_comments,
)
from interactions.views.help import help_top
from interactions.views.likes import like, likers, likes, unlike

__all__ = [
    "bookmark",
    "bookmarks",
    "comment",
    "comment_delete",
    "comment_edit",
    "comment_hide",
    "comment_like",
    "comment_unhide",
    "comment_unlike",
    "comments",
    "conversation_mute",
    "conversation_unmute",
    "help_top",
    "like",
    "likers",
    "likes",
    "profile_comments",
    "unbookmark",
    "unlike",
]
