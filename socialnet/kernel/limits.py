"""Limits where people meet them: what every page that writes asks first, and the table in words."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from socialnet.kernel import pages, ratelimit
from socialnet.kernel.errors import RateLimited
from socialnet.kernel.ratelimit import Rule
from socialnet.kernel.rest.exceptions import SAFE

OTHERS = ("/api/", "/admin/")  # the API counts for itself; the admin works off queues


class WriteLimitMiddleware:
    """Every form of the pages counts as a write, whatever else it counts as; the answer says what is left."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        allowance = getattr(request, "allowance", None)
        for name, value in (allowance.headers if allowance else {}).items():
            response.headers.setdefault(name, value)
        return response

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        if request.method in SAFE or request.path_info.startswith(OTHERS):
            return None
        who = request.user.pk or ratelimit.address_of(request)
        allowance = request.allowance = ratelimit.count("write", who)  # type: ignore[attr-defined]
        if allowance is None or allowance.passed:
            return None
        return pages.error_page(request, RateLimited(retry_after=allowance.reset))


def rows() -> list[dict[str, Any]]:
    """The table as it is in force."""
    rules = [(row, Rule.named(row.name)) for row in settings.RATE_LIMIT_TABLE]
    return [
        {"row": row, "limit": rule.limit, "time": _span(rule.seconds), "text": settings.RATE_LIMITS[row.name]}
        for row, rule in rules
    ]


def _span(seconds: int) -> str:
    if seconds % 3600 == 0:
        hours = seconds // 3600
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    if seconds % 60 == 0:
        minutes = seconds // 60
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


@require_safe
def help_limits(request: HttpRequest) -> HttpResponse:
    return render(request, "help/limits.html", {"rows": rows()})


@require_safe
def admin_limits(request: HttpRequest) -> HttpResponse:
    """For operators: with the variable that changes each."""
    context = admin.site.each_context(request) | {
        "title": _("Limits"),
        "rows": rows(),
        "enabled": settings.RATE_LIMITS_ENABLED,
    }
    return render(request, "admin/limits.html", context)
