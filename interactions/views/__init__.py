"""The HTML door to what people do with posts."""

from interactions.views.bookmarks import bookmark, bookmarks, unbookmark
from interactions.views.help import help_top
from interactions.views.likes import like, likers, likes, unlike

__all__ = ["bookmark", "bookmarks", "help_top", "like", "likers", "likes", "unbookmark", "unlike"]
