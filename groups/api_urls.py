from django.urls import path

from groups import api

urlpatterns = [
    path("groups", api.GroupsView.as_view(), name="api_groups"),
    path("groups/<str:slug>", api.GroupView.as_view(), name="api_group"),
    path("groups/<str:slug>/membership", api.MembershipView.as_view(), name="api_group_membership"),
    path("groups/<str:slug>/members", api.MembersView.as_view(), name="api_group_members"),
    path("groups/<str:slug>/members/<str:username>", api.MemberView.as_view(), name="api_group_member"),
    path(
        "groups/<str:slug>/invitations/<str:username>",
        api.InvitationView.as_view(),
        name="api_group_invitation",
    ),
]
