"""The DRF door to what people do with posts."""

from interactions.api.bookmarks import BookmarksView, BookmarkView
from interactions.api.comments import (
    CommentLikeView,
    CommentsView,
    CommentView,
    ConversationMuteView,
    HiddenView,
    PersonCommentsView,
    RepliesView,
)
from interactions.api.likes import LikersView, LikesView, LikeView

__all__ = [
    "BookmarkView",
    "BookmarksView",
    "CommentLikeView",
    "CommentView",
    "CommentsView",
    "ConversationMuteView",
    "HiddenView",
    "LikeView",
    "LikersView",
    "LikesView",
    "PersonCommentsView",
    "RepliesView",
]
