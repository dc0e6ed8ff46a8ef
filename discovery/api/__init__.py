"""The DRF door."""

from discovery.api.explore import ExploreView, RecommendedPostsView
from discovery.api.trends import TrendingHashtagsView, TrendingPostsView, TrendingUsersView

__all__ = [
    "ExploreView",
    "RecommendedPostsView",
    "TrendingHashtagsView",
    "TrendingPostsView",
    "TrendingUsersView",
]
