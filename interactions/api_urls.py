from django.urls import path

from interactions import api

urlpatterns = [
    path("posts/<int:post_id>/bookmark", api.BookmarkView.as_view(), name="api_post_bookmark"),
    path("posts/<int:post_id>/like", api.LikeView.as_view(), name="api_post_like"),
    path("posts/<int:post_id>/likes", api.LikersView.as_view(), name="api_post_likes"),
    path("me/bookmarks", api.BookmarksView.as_view(), name="api_bookmarks"),
    path("me/likes", api.LikesView.as_view(), name="api_likes"),
]
