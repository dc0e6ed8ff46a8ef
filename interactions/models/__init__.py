from interactions.models.bookmarks import IS_BOOKMARKED, Bookmark, BookmarkQuerySet

__all__ = ["IS_BOOKMARKED", "Bookmark", "BookmarkQuerySet"]
