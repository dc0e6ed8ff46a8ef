from django.urls import path

from feeds import views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/new", views.home_new, name="home_new"),
    path("posts", views.post_create, name="post_create"),
    path("media/<int:media_id>/<str:size>.webp", views.media, name="media"),
    path("@<username:username>", views.profile, name="profile"),
    path("@<username:username>/<int:post_id>", views.post, name="post"),
    path("@<username:username>/<int:post_id>/delete", views.post_delete, name="post_delete"),
]
