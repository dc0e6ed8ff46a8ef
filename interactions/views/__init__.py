"""The HTML door to what people do with posts."""

from interactions.views.bookmarks import bookmark, bookmarks, unbookmark

__all__ = ["bookmark", "bookmarks", "unbookmark"]
