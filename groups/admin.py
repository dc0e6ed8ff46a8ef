"""Groups in the admin: to look at, with who is in them; one that no owner looks after is given to a member."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from groups.actions import hand_over_group
from groups.models import Group, Membership
from socialnet.kernel.errors import DomainError


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnerFilter(admin.SimpleListFilter):
    title = _("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("away", _("no owner who can act"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.without_acting_owner() if self.value() == "away" else queryset


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
        OwnerFilter,
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
    actions = ["make_owner"]

    def has_hand_over_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("groups.change_membership"))

    @admin.action(description=_("Make an owner, where no owner can act"), permissions=["hand_over"])
    def make_owner(self, request: HttpRequest, chosen: Any) -> None:
        for membership in chosen.select_related("user", "group").order_by("pk"):
            about = {"name": membership.user.username, "group": membership.group.slug}
            try:
                hand_over_group(membership=membership, actor=request.user)  # type: ignore[arg-type]  # staff
            except DomainError as error:
                said = {**about, "why": error.sentence}
                self.message_user(request, _("@%(name)s, %(group)s: %(why)s") % said, messages.ERROR)
            else:
                self.message_user(request, _("@%(name)s owns %(group)s now.") % about, messages.SUCCESS)
