"""The DRF door to what people do with posts."""

from interactions.api.bookmarks import BookmarksView, BookmarkView
from interactions.api.likes import LikersView, LikesView, LikeView

__all__ = ["BookmarkView", "BookmarksView", "LikeView", "LikersView", "LikesView"]
