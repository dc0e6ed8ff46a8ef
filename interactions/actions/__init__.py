"""Everything people do with posts: each one transaction."""

from interactions.actions.bookmarks import bookmark_post, forget_bookmarks, unbookmark_post
from interactions.actions.likes import forget_likes, like_post, unlike_post

__all__ = [
    "bookmark_post",
    "forget_bookmarks",
    "forget_likes",
    "like_post",
    "unbookmark_post",
    "unlike_post",
]
