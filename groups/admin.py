"""Groups in the admin: to look at, with who is in them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from groups.models import Group, Membership


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Group)
class GroupAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "slug",
        "name",
        "privacy",
        "category",
        "members",
        "posts",
        "created_at",
        "hidden_at",
        "deleted_at",
    ]
    list_filter = [
        "privacy",
        "category",
        ("hidden_at", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["counts"]
    search_fields = ["=slug", "name"]
    ordering = ["-id"]

    @admin.display(description="members")
    def members(self, group: Group) -> int:
        return group.counts.members

    @admin.display(description="posts")
    def posts(self, group: Group) -> int:
        return group.counts.posts


@admin.register(Membership)
class MembershipAdmin(ReadOnly, ModelAdmin):
    list_display = ["id", "group", "user", "role", "status", "created_at"]
    list_filter = ["role", "status"]
    list_select_related = ["group", "user"]
    search_fields = ["=group__slug", "=user__username"]
    ordering = ["-id"]
    show_full_result_count = False
