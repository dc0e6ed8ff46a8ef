"""What the queue and the list of decisions are narrowed by."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from moderation.models import Reason, TargetKind


class StateFilter(admin.SimpleListFilter):
    """What is open, unless something else is asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [
            ("mine", _("open, mine")),
            ("free", _("open, nobody's")),
            ("groups", _("open, with moderators of groups")),
            ("closed", _("closed")),
            ("all", _("all")),
        ]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("open")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "mine":
                return queryset.open().filter(assigned_to=request.user.pk)
            case "free":
                return queryset.open().with_site().filter(assigned_to=None)
            case "groups":
                return queryset.with_groups()
            case "closed":
                return queryset.exclude(closed_at=None).order_by("-closed_at")
            case "all":
                return queryset
        return queryset.open().with_site()


class KindFilter(admin.SimpleListFilter):
    title = _("about")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(TargetKind.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(target_kind=self.value()) if self.value() else queryset


class ReasonFilter(admin.SimpleListFilter):
    title = _("first reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(Reason.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class ScreenedFilter(admin.SimpleListFilter):
    title = _("from screening")
    parameter_name = "screened"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(is_screened=True) if self.value() == "yes" else queryset


class ForceFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("appealed", _("appeals that wait")), ("in_force", _("in force")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "appealed":
                return queryset.filter(answered_at=None, appealed_at__isnull=False).order_by("appealed_at")
            case "in_force":
                return queryset.in_force()
            case "over":
                return queryset.exclude(ended_at=None)
        return queryset
