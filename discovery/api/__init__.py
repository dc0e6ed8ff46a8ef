"""The DRF door."""

from discovery.api.trends import TrendingHashtagsView, TrendingPostsView, TrendingUsersView

__all__ = ["TrendingHashtagsView", "TrendingPostsView", "TrendingUsersView"]
