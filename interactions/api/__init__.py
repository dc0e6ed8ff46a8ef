"""The DRF door to what people do with posts."""

from interactions.api.bookmarks import BookmarksView, BookmarkView

__all__ = ["BookmarkView", "BookmarksView"]
