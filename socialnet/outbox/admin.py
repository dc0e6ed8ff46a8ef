"""The outbox in the admin: events, deliveries, dead letters with "try again", the record of acts."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from socialnet.kernel.admin import ReadOnlyAdmin
from socialnet.outbox.actions import retry_dead
from socialnet.outbox.models import AuditEntry, DeadLetter, Delivery, Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "actor_id", "request_id", "created_at"]
    list_filter = ["name"]
    search_fields = ["=request_id", "=id", "=actor_id"]
    search_help_text = _("Request, event or actor id")
    ordering = ["-id"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "handler", "key", "state", "attempts", "leased_until", "event"]
    list_filter = ["state", "handler"]
    list_select_related = ["event"]
    search_fields = ["=event__id"]
    search_help_text = _("Event id")
    ordering = ["-id"]


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """What failed five times. Look at the last error, mend its cause, then try again."""

    list_display = ["id", "handler", "key", "attempts", "last_error", "event"]
    list_filter = ["handler"]
    list_select_related = ["event"]
    ordering = ["-id"]
    actions = ["try_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeadLetter]:
        dead: QuerySet[DeadLetter] = super().get_queryset(request).filter(state=Delivery.State.DEAD)
        return dead

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("outbox.change_deadletter"))

    @admin.action(description=_("Try again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[DeadLetter]) -> None:
        count = retry_dead(chosen.values_list("pk", flat=True))
        said: Any = ngettext("%d delivery is tried again.", "%d deliveries are tried again.", count) % count
        self.message_user(request, said, messages.SUCCESS)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["id", "act", "actor_id", "target_type", "target_id", "created_at"]
    list_filter = ["act"]
    search_fields = ["=actor_id", "=target_id", "=request_id"]
    search_help_text = _("Actor, target or request id")
    ordering = ["-id"]
