from django.urls import path

from interactions import api

urlpatterns = [
    path("posts/<int:post_id>/bookmark", api.BookmarkView.as_view(), name="api_post_bookmark"),
    path("me/bookmarks", api.BookmarksView.as_view(), name="api_bookmarks"),
]
