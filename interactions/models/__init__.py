from interactions.models.bookmarks import IS_BOOKMARKED, Bookmark, BookmarkQuerySet
from interactions.models.comments import (
    COMMENT_MAX,
    DEPTH_MOST,
    Comment,
    CommentLike,
    CommentQuerySet,
    ConversationMute,
    step_of,
)
from interactions.models.likes import IS_LIKED, Like, LikeQuerySet
from interactions.models.touched import Touched

__all__ = [
    "COMMENT_MAX",
    "DEPTH_MOST",
    "IS_BOOKMARKED",
    "IS_LIKED",
    "Bookmark",
    "BookmarkQuerySet",
    "Comment",
    "CommentLike",
    "CommentQuerySet",
    "ConversationMute",
    "Like",
    "LikeQuerySet",
    "Touched",
    "step_of",
]
