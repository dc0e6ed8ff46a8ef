"""The HTML door to what people do with posts."""

from interactions.views.bookmarks import bookmark, bookmarks, unbookmark
from interactions.views.help import help_top

__all__ = ["bookmark", "bookmarks", "help_top", "unbookmark"]
