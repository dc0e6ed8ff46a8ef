"""Everything people do with posts: each one transaction."""

from interactions.actions.bookmarks import bookmark_post, forget_bookmarks, unbookmark_post

__all__ = ["bookmark_post", "forget_bookmarks", "unbookmark_post"]
