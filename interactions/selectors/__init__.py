"""Reads: what somebody kept and likes, and who likes what."""

from interactions.selectors.bookmarks import bookmarks_of
from interactions.selectors.likes import likers_of, likes_of

__all__ = ["bookmarks_of", "likers_of", "likes_of"]
