"""How far the fan-outs are that were split, in the admin; pieces that failed are tried again from here."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from feeds.models import PIECES, FanOut
from socialnet.kernel.admin import ReadOnlyAdmin
from socialnet.outbox.actions import retry_dead
from socialnet.outbox.errors import UnknownHandler
from socialnet.outbox.handlers import LEASE_SECONDS, handler_named
from socialnet.outbox.models import Delivery

_SHOWN = (
    *("id", "author", "post", "progress", "done", "waiting", "dead", "total"),
    *("queue", "created_at", "took"),
)


class ProgressFilter(admin.SimpleListFilter):
    title = _("progress")
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("running", _("running")), ("dead", _("with dead pieces")), ("done", _("done"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "running":
                return queryset.filter(waiting__gt=0)
            case "dead":
                return queryset.filter(dead__gt=0)
            case "done":
                return queryset.filter(waiting=0, dead=0)
        return queryset


@admin.register(FanOut)
class FanOutAdmin(ReadOnlyAdmin):
    """The newest that were split, and all that are not done; a small audience takes one delivery and is not listed."""

    list_display = [*_SHOWN]
    list_filter = [ProgressFilter]
    ordering = ["-id"]
    fields = readonly_fields = [*_SHOWN]
    actions = ["try_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FanOut]:
        return FanOut.objects.recent()

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("outbox.change_deadletter"))

    @admin.action(description=_("Try the dead pieces again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[FanOut]) -> None:
        events = list(chosen.values_list("pk", flat=True))
        pieces = Delivery.objects.filter(event__in=events, handler__in=PIECES)
        count = retry_dead(pieces.filter(state=Delivery.State.DEAD).values_list("pk", flat=True))
        said: Any = ngettext("%d piece is tried again.", "%d pieces are tried again.", count) % count
        self.message_user(request, said, messages.SUCCESS)

    @admin.display(description=_("author"))
    def author(self, fan_out: Any) -> str:
        return fan_out.username or f"{fan_out.payload['author_id']}"

    @admin.display(description=_("post"))
    def post(self, fan_out: FanOut) -> str:
        """Its number: opening the post itself is on the record, see `PostAdmin`."""
        post_id = fan_out.payload.get("post_id")
        if post_id is None:
            return str(_("those of the time as a source"))
        return format_html('<a href="{}">{}</a>', reverse("admin:feeds_post_change", args=[post_id]), post_id)

    @admin.display(description=_("progress"))
    def progress(self, fan_out: Any) -> str:
        percent = 100 * fan_out.done // fan_out.total
        return format_html(
            '<progress max="{}" value="{}" aria-label="{}"></progress> {} %',
            fan_out.total,
            fan_out.done,
            _("%(done)d of %(total)d pieces") % {"done": fan_out.done, "total": fan_out.total},
            percent,
        )

    @admin.display(description=_("done"))
    def done(self, fan_out: Any) -> int:
        return int(fan_out.done)

    @admin.display(description=_("open"))
    def waiting(self, fan_out: Any) -> int:
        return int(fan_out.waiting)

    @admin.display(description=_("dead"))
    def dead(self, fan_out: Any) -> int:
        return int(fan_out.dead)

    @admin.display(description=_("pieces"))
    def total(self, fan_out: Any) -> int:
        return int(fan_out.total)

    @admin.display(description=_("queue"))
    def queue(self, fan_out: Any) -> str:
        try:
            return handler_named(fan_out.handler).queue
        except UnknownHandler:  # of another release
            return str(fan_out.handler)

    @admin.display(description=_("seconds"))
    def took(self, fan_out: Any) -> str:
        """Until its last piece was begun; of what still runs, until now."""
        is_over = fan_out.due and not fan_out.waiting
        last = fan_out.due - timedelta(seconds=LEASE_SECONDS) if is_over else timezone.now()
        return f"{max(0.0, (last - fan_out.created_at).total_seconds()):.1f}"
