"""What comes of suggestions, in the admin: a chart of follow rates, and the table behind it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from discovery.models import Source, SuggestionDay
from discovery.people import numbers
from discovery.people.charts import chart
from socialnet.kernel.admin import ReadOnlyAdmin


@admin.register(SuggestionDay)
class SuggestionDayAdmin(ReadOnlyAdmin):
    list_display = ["day", "source", "shown", "followed", "rate", "dismissed", "different"]
    list_filter = ["source"]
    ordering = ["-day", "source"]
    list_per_page = len(Source) * 31
    fields = [*list_display]
    list_before_template = "discovery/admin/suggestions.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        drawn = chart()
        facts = {
            "chart": drawn,
            "week": numbers.last_days(),
            "low": numbers.LOW,
            "aim": numbers.AIM,
            "different_aim": numbers.DIFFERENT,
        }
        return super().changelist_view(request, {**(extra_context or {}), **facts})

    @admin.display(description=_("follow rate"))
    def rate(self, day: SuggestionDay) -> str:
        return f"{day.followed / day.shown:.1%}" if day.shown else "–"

    @admin.display(description=_("different leads"))
    def different(self, day: SuggestionDay) -> str:
        return f"{day.leads / day.shown:.0%}" if day.shown else "–"
