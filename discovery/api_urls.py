from django.urls import path

from discovery import api

urlpatterns = [
    path("search", api.SearchView.as_view(), name="api_search"),
    path("search/suggest", api.SuggestView.as_view(), name="api_suggest"),
    path("feed/explore", api.ExploreView.as_view(), name="api_explore"),
    path("recommendations/posts", api.RecommendedPostsView.as_view(), name="api_recommended_posts"),
    path("recommendations/users", api.RecommendedUsersView.as_view(), name="api_recommended_users"),
    path("recommendations/users/<username:username>", api.RecommendedUserView.as_view()),
    path("trending/hashtags", api.TrendingHashtagsView.as_view(), name="api_trending_hashtags"),
    path("trending/posts", api.TrendingPostsView.as_view(), name="api_trending_posts"),
    path("trending/users", api.TrendingUsersView.as_view(), name="api_trending_users"),
    path("me/interests", api.InterestsView.as_view(), name="api_interests"),
]
