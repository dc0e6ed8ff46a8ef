"""Reads: what somebody kept."""

from interactions.selectors.bookmarks import bookmarks_of

__all__ = ["bookmarks_of"]
