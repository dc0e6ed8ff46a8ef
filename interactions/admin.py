"""Comments in the admin: staff looks, on the record where not everybody may read, and removes by the same action."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from feeds.admin import anybody_may_read
from interactions.actions import delete_comment, note_look_at_comment
from interactions.models import Comment
from socialnet.kernel.admin import ReadOnlyAdmin
from socialnet.kernel.errors import NotFound


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("there", _("standing")), ("hidden", _("hidden")), ("deleted", _("deleted"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "there":
                return queryset.standing()
            case "hidden":
                return queryset.standing().exclude(hidden_at=None)
            case "deleted":
                return queryset.exclude(deleted_at=None)
        return queryset


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "author",
        "beginning",
        "post_id",
        "depth",
        "likes",
        "replies",
        "created_at",
        "deleted_at",
    ]
    list_filter = [StateFilter]
    list_select_related = ["author", "post__author"]
    search_fields = ["=id", "=post__id", "=author__username"]
    search_help_text = _("Comment or post id, or exact username")
    ordering = ["-id"]
    actions = ["remove"]
    fields = [
        "id",
        "author",
        "post_id",
        "parent_id",
        "content",
        "likes",
        "replies",
        "created_at",
        "edited_at",
        "hidden_at",
        "deleted_at",
    ]

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("interactions.delete_comment"))

    @admin.display(description=_("text"))
    def beginning(self, comment: Comment) -> str:
        readable = anybody_may_read(comment.post)
        return Truncator(comment.content).chars(80) if readable else gettext("(not for everybody)")

    @admin.display(description=_("written"), ordering="id")
    def created_at(self, comment: Comment) -> object:
        return comment.created_at

    @admin.action(description=_("Remove the chosen comments"), permissions=["remove"])
    def remove(self, request: HttpRequest, queryset: Any) -> None:
        removed = 0
        for comment_id in queryset.standing().order_by("pk").values_list("pk", flat=True):
            try:
                delete_comment(comment_id=comment_id, actor=request.user)  # type: ignore[arg-type]  # staff
            except NotFound:  # gone meanwhile
                continue
            removed += 1
        said = ngettext("%(many)d comment is removed.", "%(many)d comments are removed.", removed)
        self.message_user(request, said % {"many": removed}, messages.SUCCESS)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        comment = self.get_object(request, object_id)
        if comment is not None and self.has_view_permission(request, comment):
            note_look_at_comment(comment=comment, actor=request.user)  # type: ignore[arg-type]  # staff
        return super().change_view(request, object_id, form_url, extra_context)
