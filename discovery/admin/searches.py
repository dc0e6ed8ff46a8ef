"""Searches in the admin: how many, how many found nothing, which place was opened, what many asked for; no person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from discovery.models import PopularSearch, SearchDay
from socialnet.kernel.admin import ReadOnlyAdmin

DAYS = 30
_WIDTH, _HEIGHT, _BAR = 20, 120, 14  # of the drawing, in its own units: a day, all, and the bar of a day


@dataclass(frozen=True)
class Bar:
    """One day of the drawing and of the table beside it."""

    day: date
    searches: int
    empty: int
    clicks: int
    ranks: int
    x: int
    height: float
    empty_height: float

    @property
    def y(self) -> float:
        return _HEIGHT - self.height

    @property
    def empty_y(self) -> float:
        return _HEIGHT - self.empty_height

    @property
    def empty_share(self) -> float:
        return 100 * self.empty / self.searches if self.searches else 0.0

    @property
    def mean_rank(self) -> float | None:
        return self.ranks / self.clicks if self.clicks else None


def bars(*, today: date, days: int = DAYS) -> list[Bar]:
    """The last `days`, the oldest first, all types together; days without a search are there, too."""
    rows = SearchDay.objects.filter(day__gt=today - timedelta(days=days)).values("day")
    sums = rows.annotate(
        all=Sum("searches"), nothing=Sum("empty"), opened=Sum("clicks"), places=Sum("ranks")
    ).order_by("day")
    found: dict[date, dict[str, Any]] = {row["day"]: {**row} for row in sums}
    most = max((row["all"] for row in found.values()), default=0) or 1
    return [_bar(today - timedelta(days=days - 1 - place), found, place, most) for place in range(days)]


def _bar(day: date, found: dict[date, dict[str, Any]], place: int, most: int) -> Bar:
    row = found.get(day, {"all": 0, "nothing": 0, "opened": 0, "places": 0})
    scale = _HEIGHT / most
    return Bar(
        day=day,
        searches=row["all"],
        empty=row["nothing"],
        clicks=row["opened"],
        ranks=row["places"],
        x=place * _WIDTH,
        height=row["all"] * scale,
        empty_height=row["nothing"] * scale,
    )


@admin.register(SearchDay)
class SearchDayAdmin(ReadOnlyAdmin):
    list_display = ["day", "kind", "searches", "empty", "empty_share", "clicks", "mean_rank"]
    list_filter = ["kind"]
    ordering = ["-day", "kind"]
    list_before_template = "discovery/admin/searches.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        drawn: Sequence[Bar] = bars(today=timezone.now().date())
        context = {"bars": drawn, "width": DAYS * _WIDTH, "height": _HEIGHT, "bar_width": _BAR}
        return super().changelist_view(request, (extra_context or {}) | context)

    @admin.display(description=_("of them, nothing found"), ordering=F("empty") * 100 / F("searches"))
    def empty_share(self, row: SearchDay) -> str:
        return f"{100 * row.empty / row.searches:.1f} %" if row.searches else "–"

    @admin.display(description=_("place opened, mean"))
    def mean_rank(self, row: SearchDay) -> str:
        return f"{row.ranks / row.clicks:.1f}" if row.clicks else "–"


@admin.register(PopularSearch)
class PopularSearchAdmin(ReadOnlyAdmin):
    """What at least ten people looked for on a day."""

    list_display = ["day", "words", "people"]
    ordering = ["-day", "-people"]
