"""The DRF door: posts and feeds."""

from feeds.api.edits import HistoryView, PinView
from feeds.api.feed import FeedHeadView, FeedView, LiveView
from feeds.api.media import MediaListView, MediaView
from feeds.api.people import PersonMediaView, PersonPostsView
from feeds.api.posts import PostsView, PostView
from feeds.api.shares import SharesView, ShareView

__all__ = [
    "FeedHeadView",
    "FeedView",
    "HistoryView",
    "LiveView",
    "MediaListView",
    "MediaView",
    "PersonMediaView",
    "PersonPostsView",
    "PinView",
    "PostView",
    "PostsView",
    "ShareView",
    "SharesView",
]
