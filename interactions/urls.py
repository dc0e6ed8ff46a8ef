from django.urls import path

from interactions import views

POST = "@<username:username>/<int:post_id>"
COMMENT = f"{POST}/comments/<int:comment_id>"

urlpatterns = [
    path("help/top", views.help_top, name="help_top"),
    path("bookmarks", views.bookmarks, name="bookmarks"),
    path(f"{POST}/bookmark", views.bookmark, name="bookmark"),
    path(f"{POST}/unbookmark", views.unbookmark, name="unbookmark"),
    path("likes", views.likes, name="likes"),
    path(f"{POST}/likes", views.likers, name="likers"),
    path(f"{POST}/like", views.like, name="like"),
    path(f"{POST}/unlike", views.unlike, name="unlike"),
    path(f"{POST}/comments", views.comments, name="comments"),
    path(COMMENT, views.comment, name="comment"),
    path(f"{COMMENT}/edit", views.comment_edit, name="comment_edit"),
    path(f"{COMMENT}/delete", views.comment_delete, name="comment_delete"),
    path(f"{COMMENT}/like", views.comment_like, name="comment_like"),
    path(f"{COMMENT}/unlike", views.comment_unlike, name="comment_unlike"),
    path(f"{COMMENT}/hide", views.comment_hide, name="comment_hide"),
    path(f"{COMMENT}/unhide", views.comment_unhide, name="comment_unhide"),
    path(f"{POST}/mute", views.conversation_mute, name="conversation_mute"),
    path(f"{POST}/unmute", views.conversation_unmute, name="conversation_unmute"),
    path("@<username:username>/comments", views.profile_comments, name="profile_comments"),
]
