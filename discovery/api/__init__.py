"""The DRF door, by area."""

from discovery.api.documents import SearchView, SuggestView
from discovery.api.explore import ExploreView, RecommendedPostsView
from discovery.api.people import InterestsView, RecommendedUsersView, RecommendedUserView
from discovery.api.trends import TrendingHashtagsView, TrendingPostsView, TrendingUsersView

__all__ = [
    "ExploreView",
    "InterestsView",
    "RecommendedPostsView",
    "RecommendedUserView",
    "RecommendedUsersView",
    "SearchView",
    "SuggestView",
    "TrendingHashtagsView",
    "TrendingPostsView",
    "TrendingUsersView",
]
