from interactions.models.bookmarks import IS_BOOKMARKED, Bookmark, BookmarkQuerySet
from interactions.models.likes import IS_LIKED, Like, LikeQuerySet
from interactions.models.touched import Touched

__all__ = ["IS_BOOKMARKED", "IS_LIKED", "Bookmark", "BookmarkQuerySet", "Like", "LikeQuerySet", "Touched"]
