"""Notifications in the admin: that somebody was told, when and by which ways; never what, nor by whom.

What could not be delivered is tried again from here, and announcements are made.
"""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, URLField
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from notifications import actions, preferences
from notifications.events import Announced
from notifications.handlers import announce_piece
from notifications.models import Announcement, ChannelDelivery, Notification, Settings, Telling
from notifications.registry import KINDS, PACE_LABELS, Way
from socialnet.kernel.admin import QuickAdmin, ReadOnlyAdmin
from socialnet.outbox.handlers import name_of
from socialnet.outbox.ids import id_at
from socialnet.outbox.models import Delivery

State = ChannelDelivery.State
_MOST = 5000  # of each state, the newest


class InboxFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("unread", _("unread")), ("waiting", _("waits to be told")), ("vanished", _("vanished"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "unread":
                return queryset.standing().unread()
            case "waiting":
                return queryset.standing().unread().filter(told_at=None)
            case "vanished":
                return queryset.filter(stands=False)
        return queryset


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["id", "recipient", "kind", "actor_count", "stands", "due_at", "told_at", "read_at"]
    list_filter = ["kind", InboxFilter]
    list_select_related = ["recipient"]
    search_fields = ["=recipient__username", "=id"]
    search_help_text = _("Exact username of the recipient, or id")
    ordering = ["-id"]
    fields = [*list_display, "is_open", "closes_at"]


class DeliveryFilter(admin.SimpleListFilter):
    title = _("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == State.SENT:
            return queryset.filter(Exists(_deliveries(State.SENT)), told_at__isnull=False)
        if self.value() in State.values:
            return queryset.filter(pk__in=_newest([str(self.value())]))
        return queryset.filter(pk__in=_newest([State.FAILED, State.OWED]))


def _deliveries(state: str) -> QuerySet[ChannelDelivery]:
    return ChannelDelivery.objects.filter(notification=OuterRef("pk"), state=state)


def _newest(states: list[str]) -> QuerySet[Any, Any]:
    rows = ChannelDelivery.objects.filter(state__in=states).exclude(
        state=State.SENT
    )  # along the partial index
    return rows.order_by("-at").values("notification")[:_MOST]


@admin.register(Telling)
class TellingAdmin(ReadOnlyAdmin):
    """What failed, then what is owed, by notification; unless another state is asked for."""

    list_display = ["id", "recipient", "kind", "told_at", "socket", "mail", "push"]
    list_filter = [DeliveryFilter, "kind"]
    list_select_related = ["recipient"]
    search_fields = ["=recipient__username", "=id"]
    search_help_text = _("Exact username of the recipient, or id")
    fields = [*list_display, "read_at", "stands"]
    actions = ["try_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Telling]:
        rows = Telling.objects.annotate(has_failed=Exists(_deliveries(State.FAILED)))
        return rows.prefetch_related("deliveries").order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ["-has_failed", "-id"]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("notifications.change_telling"))

    @admin.action(description=_("Try the failed ones again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Telling]) -> None:
        count = actions.retry_failed(chosen.values_list("pk", flat=True))
        said: Any = ngettext("%d delivery is tried again.", "%d deliveries are tried again.", count) % count
        self.message_user(request, said, messages.SUCCESS)

    @admin.display(description=_("Open pages"))
    def socket(self, telling: Telling) -> str:
        return _state(telling, Way.SOCKET)

    @admin.display(description=_("Mail"))
    def mail(self, telling: Telling) -> str:
        return _state(telling, Way.MAIL)

    @admin.display(description=_("Devices"))
    def push(self, telling: Telling) -> str:
        return _state(telling, Way.PUSH)


def _state(telling: Telling, way: Way) -> str:
    for delivery in telling.deliveries.all():
        if delivery.way == way:
            said = f"{delivery.get_state_display()} {delivery.outcome}".strip()
            return f"{said} ({delivery.attempts})" if delivery.attempts else said
    return ""


@admin.register(Settings)
class SettingsAdmin(ReadOnlyAdmin):
    """What people wish, for who has to explain why somebody was not told."""

    list_display = ["user", "is_on", "quiet_from", "quiet_until", "hourly_cap", "digest", "mail_trouble"]
    list_select_related = ["user"]
    list_filter = ["is_on", "digest", "mail_trouble"]
    search_fields = ["=user__username"]
    search_help_text = _("Exact username")
    ordering = ["-user"]
    fields = [*list_display, "loud_pass", "kinds"]
    readonly_fields = ["kinds"]

    @admin.display(description=_("what they chose"))
    def kinds(self, settings: Settings) -> str:
        chosen = preferences.of_person(settings.pk).chosen
        return "\n".join(
            f"{KINDS[name].label}: {', '.join(row.ways) or '–'}; {PACE_LABELS[row.pace]}; {row.get_from_whom_display()}"
            for name, row in sorted(chosen.items())
        )


@admin.register(Announcement)
class AnnouncementAdmin(QuickAdmin):
    """Adding one tells everybody. It cannot be called back, only read."""

    list_display = ["id", "text", "author", "created_at", "progress", "dead"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    list_select_related = ["author"]
    ordering = ["-id"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        told = ["author", "created_at", "progress", "dead"]
        return ["text", "url", *(told if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Announcement, form: Any, change: bool) -> None:
        made = actions.announce(author=request.user, text=obj.text, url=obj.url)  # type: ignore[arg-type]  # staff
        obj.pk, obj.author, obj.created_at = made.pk, made.author, made.created_at

    @admin.display(description=_("progress"))
    def progress(self, announcement: Announcement) -> str:
        pieces = _pieces(announcement)
        total, done = pieces["total"], pieces["done"]
        if not total:
            return str(_("over, or not begun"))  # done pieces are kept for a day
        return format_html(
            '<progress max="{}" value="{}" aria-label="{}"></progress> {} %',
            total,
            done,
            _("%(done)d of %(total)d pieces") % {"done": done, "total": total},
            100 * done // total,
        )

    @admin.display(description=_("dead"))
    def dead(self, announcement: Announcement) -> int:
        return _pieces(announcement)["dead"]


def _pieces(announcement: Announcement) -> dict[str, int]:
    """How far its pieces are; its event was stored with it, and has an id of that time."""
    if not hasattr(announcement, "pieces"):
        around = [id_at(announcement.created_at + timedelta(seconds=seconds)) for seconds in (-60, 60)]
        pieces = Delivery.objects.filter(
            handler=name_of(announce_piece),
            event__pk__range=around,
            event__name=Announced.name,
            event__payload__announcement_id=announcement.pk,
        )
        announcement.pieces = pieces.aggregate(  # type: ignore[attr-defined]
            total=Count("pk"),
            done=Count("pk", filter=Q(state=Delivery.State.DONE)),
            dead=Count("pk", filter=Q(state=Delivery.State.DEAD)),
        )
    found: dict[str, int] = announcement.pieces  # type: ignore[attr-defined]
    return found
