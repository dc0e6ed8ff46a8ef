"""The DRF door."""

from discovery.api.documents import SearchView, SuggestView
from discovery.api.explore import ExploreView, RecommendedPostsView
from discovery.api.trends import TrendingHashtagsView, TrendingPostsView, TrendingUsersView

__all__ = [
    "ExploreView",
    "RecommendedPostsView",
    "SearchView",
    "SuggestView",
    "TrendingHashtagsView",
    "TrendingPostsView",
    "TrendingUsersView",
]
