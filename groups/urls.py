from django.urls import path

from groups import views

urlpatterns = [
    path("groups", views.groups, name="groups"),
    path("groups/discover", views.groups_discover, name="groups_discover"),
    path("groups/new", views.group_create, name="group_create"),
    path("g/<slug:slug>/about", views.group_about, name="group_about"),
    path("g/<slug:slug>/members", views.group_members, name="group_members"),
    path("g/<slug:slug>/members/<username:username>", views.group_member, name="group_member"),
    path("g/<slug:slug>/requests", views.group_requests, name="group_requests"),
    path("g/<slug:slug>/settings", views.group_settings, name="group_settings"),
    path("g/<slug:slug>/cover/<str:name>", views.group_cover, name="group_cover"),
    path("g/<slug:slug>/join", views.group_join, name="group_join"),
    path("g/<slug:slug>/leave", views.group_leave, name="group_leave"),
    path("g/<slug:slug>/news", views.group_news, name="group_news"),
    path("g/<slug:slug>/invite", views.group_invite, name="group_invite"),
    path("g/<slug:slug>/delete", views.group_delete, name="group_delete"),
]
