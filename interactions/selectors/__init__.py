"""Reads: what somebody kept and likes, who likes what, and what people say under posts."""

from interactions.selectors.bookmarks import bookmarks_of
from interactions.selectors.comments import (
    HOT,
    SORTS,
    Branch,
    Said,
    TopLevel,
    branch_of,
    comments_by,
    comments_of,
    get_comment_item,
    get_visible_comment,
    is_conversation_muted,
    may_comment,
    replies_of,
    thread_cursor,
)
from interactions.selectors.likes import likers_of, likes_of

__all__ = [
    "HOT",
    "SORTS",
    "Branch",
    "Said",
    "TopLevel",
    "bookmarks_of",
    "branch_of",
    "comments_by",
    "comments_of",
    "get_comment_item",
    "get_visible_comment",
    "is_conversation_muted",
    "likers_of",
    "likes_of",
    "may_comment",
    "replies_of",
    "thread_cursor",
]
