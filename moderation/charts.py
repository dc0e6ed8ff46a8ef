"""The last days as bars: reports, cases closed, and how long those had been open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from moderation.selectors import Day

WIDTH, HEIGHT, BAR = 20, 60, 14  # in the units of the drawing: of a day, of all, and of the bar of a day


@dataclass(frozen=True)
class Bar:
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Series:
    label: str | Promise
    most: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Chart:
    """Three drawings above each other, and `days` for the table."""

    days: Sequence[Day]
    series: Sequence[Series]
    width: int
    height: int = HEIGHT
    bar: int = BAR


def chart_of(days: Sequence[Day]) -> Chart:
    hours = [0.0 if day.median is None else day.median / timedelta(hours=1) for day in days]
    return Chart(
        days=days,
        series=[
            _series(_("Reports"), [day.reports for day in days]),
            _series(_("Cases closed"), [day.closed for day in days]),
            _series(_("Median hours until closed"), hours),
        ],
        width=len(days) * WIDTH,
    )


def _series(label: str | Promise, values: Sequence[float]) -> Series:
    most = max(values, default=0)
    scale = HEIGHT / most if most else 0
    bars = [Bar(n * WIDTH, HEIGHT - value * scale, value * scale) for n, value in enumerate(values)]
    return Series(label, f"{most:.1f}".removesuffix(".0"), bars)
