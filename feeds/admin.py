"""Posts in the admin. Authors write and delete; moderators look, and delete through the same door later on.

Staff is no audience: the list shows what anybody may read, the rest is shown one by one and that is recorded.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from accounts.models import PersonCounts, User
from feeds import fanout_admin  # noqa: F401  # registers its page
from feeds.actions import note_look
from feeds.door import Audience
from feeds.models import Draft, LinkPreview, Media, Post, PostRevision, PullSource
from socialnet.kernel.admin import ReadOnlyAdmin


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [
            ("there", _("published")),
            ("deleted", _("deleted")),
            ("hidden", _("hidden")),
            ("held", _("waiting for review")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "there":
                return queryset.published()
            case "deleted":
                return queryset.exclude(deleted_at=None)
            case "hidden":
                return queryset.exclude(hidden_at=None).filter(held_at=None)
            case "held":
                return queryset.exclude(held_at=None)
        return queryset


class EarlierTexts(TabularInline):
    """What a post said before; opening it is on the record, see `PostAdmin.change_view`."""

    model = PostRevision
    fields = ["replaced_at", "content", "content_warning"]
    readonly_fields = fields
    ordering = ["-id"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may look at the post."""
        return request.user.has_perm("feeds.view_post")

    @admin.display(description=_("replaced"))
    def replaced_at(self, revision: PostRevision) -> object:
        return revision.replaced_at


@admin.register(Post)
class PostAdmin(ReadOnlyAdmin):
    list_display = ["id", "author", "beginning", "visibility", "created_at", "deleted_at", "hidden_at"]
    list_filter = [StateFilter, "visibility"]
    list_select_related = ["author", "counts"]
    search_fields = ["=id", "=author__username"]
    search_help_text = _("Post id or exact username")
    ordering = ["-id"]
    inlines = [EarlierTexts]
    fields = [
        "id",
        "author",
        "content",
        "visibility",
        "language",
        "created_at",
        "edited_at",
        "hidden_at",
        "held_at",
        "deleted_at",
    ]

    @admin.display(description=_("text"))
    def beginning(self, post: Post) -> str:
        return Truncator(post.content).chars(80) if anybody_may_read(post) else gettext("(not for everybody)")

    @admin.display(description=_("published"), ordering="id")
    def created_at(self, post: Post) -> object:
        return post.created_at

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        post = self.get_object(request, object_id)
        if post is not None and self.has_view_permission(request, post):
            note_look(post=post, actor=request.user)  # type: ignore[arg-type]  # nobody else comes in here
        return super().change_view(request, object_id, form_url, extra_context)


@admin.register(Media)
class MediaAdmin(ReadOnlyAdmin):
    """What there is and whether it is stored; what is on it, the post shows to whom it is meant for."""

    list_display = ["id", "owner", "post_id", "width", "height", "is_animated", "is_stored", "created_at"]
    list_filter = ["is_stored", "is_animated"]
    list_select_related = ["owner"]
    search_fields = ["=id", "=post__id", "=owner__username"]
    search_help_text = _("Picture or post id, or exact username")
    ordering = ["-id"]
    fields = [
        "id",
        "owner",
        "post_id",
        "width",
        "height",
        "is_animated",
        "is_stored",
        "large_name",
        "small_name",
    ]

    @admin.display(description=_("uploaded"), ordering="id")
    def created_at(self, media: Media) -> object:
        return media.created_at


def anybody_may_read(post: Post) -> bool:
    """Whether visitors see it, as far as the post and its author's account say."""
    is_there = post.deleted_at is None and post.hidden_at is None
    return is_there and post.visibility == Audience.PUBLIC and not post.author.is_private


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    """What became of drafts, not what they say: nobody but their author reads them."""

    list_display = ["id", "author", "scheduled_for", "problem", "attempts", "version", "updated_at"]
    list_filter = [("scheduled_for", admin.EmptyFieldListFilter), ("problem", admin.AllValuesFieldListFilter)]
    list_select_related = ["author"]
    search_fields = ["=id", "=author__username"]
    search_help_text = _("Draft id or exact username")
    ordering = ["-id"]
    fields = ["id", "author", "scheduled_for", "problem", "attempts", "tried_at", "version", "updated_at"]


@admin.register(LinkPreview)
class LinkPreviewAdmin(ReadOnlyAdmin):
    """Whether previews come, not of what: an address may have been meant for few."""

    list_display = ["id", "state", "tries", "asked_at", "fetched_at", "linked_at"]
    list_filter = ["state"]
    search_fields = ["=id", "=posts__id"]
    search_help_text = _("Preview or post id")
    ordering = ["-id"]
    fields = ["id", "state", "tries", "asked_at", "fetched_at", "linked_at"]


@admin.register(PullSource)
class PullSourceAdmin(ReadOnlyAdmin):
    """Whose posts nobody is written to: followers read them where they are. A job decides who; see ADR 32."""

    list_display = ["author_id", "author", "followers", "entered_at", "leaving_at"]
    ordering = ["author_id"]
    search_fields = ["=author_id"]
    search_help_text = _("Person id")
    fields = ["author_id", "author", "followers", "since_id", "entered_at", "leaving_at"]
    readonly_fields = ["author", "followers"]

    @admin.display(description=_("username"))
    def author(self, source: PullSource) -> str:
        return User.objects.filter(pk=source.pk).values_list("username", flat=True).first() or ""

    @admin.display(description=_("followers"))
    def followers(self, source: PullSource) -> int:
        counts = PersonCounts.objects.filter(pk=source.pk)
        return counts.values_list("followers", flat=True).first() or 0
