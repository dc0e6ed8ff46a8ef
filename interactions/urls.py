from django.urls import path

from interactions import views

urlpatterns = [
    path("help/top", views.help_top, name="help_top"),
    path("bookmarks", views.bookmarks, name="bookmarks"),
    path("@<username:username>/<int:post_id>/bookmark", views.bookmark, name="bookmark"),
    path("@<username:username>/<int:post_id>/unbookmark", views.unbookmark, name="unbookmark"),
    path("likes", views.likes, name="likes"),
    path("@<username:username>/<int:post_id>/likes", views.likers, name="likers"),
    path("@<username:username>/<int:post_id>/like", views.like, name="like"),
    path("@<username:username>/<int:post_id>/unlike", views.unlike, name="unlike"),
]
