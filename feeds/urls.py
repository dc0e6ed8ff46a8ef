from django.urls import path

from feeds import views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/new", views.home_new, name="home_new"),
    path("home/read", views.home_read, name="home_read"),
    path("posts", views.post_create, name="post_create"),
    path("drafts", views.drafts, name="drafts"),
    path("drafts/<int:draft_id>/publish", views.draft_publish, name="draft_publish"),
    path("drafts/<int:draft_id>/delete", views.draft_delete, name="draft_delete"),
    path("media/<int:media_id>/<str:size>.webp", views.media, name="media"),
    path("media/links/<int:preview_id>.webp", views.link_picture, name="link_picture"),
    path("@<username:username>", views.profile, name="profile"),
    path("@<username:username>/media", views.profile_media, name="profile_media"),
    path("@<username:username>/rss", views.profile_rss, name="profile_rss"),
    path("tags/<str:written>", views.tag, name="tag"),
    path("tags/<str:written>/rss", views.tag_rss, name="tag_rss"),
    path("@<username:username>/<int:post_id>", views.post, name="post"),
    path("@<username:username>/<int:post_id>/share", views.share, name="post_share"),
    path("@<username:username>/<int:post_id>/unshare", views.unshare, name="post_unshare"),
    path("@<username:username>/<int:post_id>/edit", views.post_edit, name="post_edit"),
    path("@<username:username>/<int:post_id>/history", views.post_history, name="post_history"),
    path("@<username:username>/<int:post_id>/pin", views.post_pin, name="post_pin"),
    path("@<username:username>/<int:post_id>/unpin", views.post_unpin, name="post_unpin"),
    path("@<username:username>/<int:post_id>/pin/up", views.post_pin_move, {"by": -1}, name="post_pin_up"),
    path("@<username:username>/<int:post_id>/pin/down", views.post_pin_move, {"by": 1}, name="post_pin_down"),
    path("@<username:username>/<int:post_id>/delete", views.post_delete, name="post_delete"),
]
