"""The DRF door: posts and feeds."""

from feeds.api.drafts import DraftPublishView, DraftsView, DraftView
from feeds.api.edits import HistoryView, PinView
from feeds.api.feed import FeedHeadView, FeedView, LiveView
from feeds.api.filters import FilterPreviewView, FiltersView, FilterView, InsightsView
from feeds.api.groups import GroupPostsView
from feeds.api.hidden import HiddenPostsView, HiddenView
from feeds.api.markers import MarkerView
from feeds.api.media import MediaListView, MediaView
from feeds.api.people import PersonMediaView, PersonPostsView
from feeds.api.posts import PostsView, PostView
from feeds.api.shares import SharesView, ShareView
from feeds.api.tags import (
    HashtagFollowView,
    HashtagPeopleView,
    HashtagPostsView,
    HashtagView,
    MyHashtagsView,
)

__all__ = [
    "DraftPublishView",
    "DraftView",
    "DraftsView",
    "FeedHeadView",
    "FeedView",
    "FilterPreviewView",
    "FilterView",
    "FiltersView",
    "GroupPostsView",
    "HashtagFollowView",
    "HashtagPeopleView",
    "HashtagPostsView",
    "HashtagView",
    "HiddenPostsView",
    "HiddenView",
    "HistoryView",
    "InsightsView",
    "LiveView",
    "MarkerView",
    "MediaListView",
    "MediaView",
    "MyHashtagsView",
    "PersonMediaView",
    "PersonPostsView",
    "PinView",
    "PostView",
    "PostsView",
    "ShareView",
    "SharesView",
]
