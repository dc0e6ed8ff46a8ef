"""Somebody's days as bars, drawn by the server: two numbers a day are two parts of one bar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from feeds.insights import Day

WIDTH, HEIGHT, GAP = 640, 120, 0.25  # of the drawing; the part of a day's place that stays empty


@dataclass(frozen=True)
class Bar:
    """Where a bar stands, and how high its lower and upper part are; below the ground it has no upper one."""

    x: str
    y: str
    height: str
    upper_y: str
    upper_height: str
    is_below: bool = False


@dataclass(frozen=True)
class Chart:
    """One drawing. `most` and `least` are what its top and bottom stand for."""

    name: str
    label: str | Promise
    upper_label: str | Promise
    bars: Sequence[Bar]
    bar_width: str
    ground: str
    most: str
    least: str
    width: int = WIDTH
    height: int = HEIGHT


def charts_of(days: Sequence[Day]) -> list[Chart]:
    rates = [100 * (day.engagement_rate or 0) for day in days]
    return [
        _chart(
            "home",
            _("Posts that your home showed"),
            [day.shown for day in days],
            upper_label=_("kept away by your filters"),
            upper=[day.filtered for day in days],
        ),
        _chart(
            "impressions", _("How often your posts were shown to others"), [day.impressions for day in days]
        ),
        _chart("engagement", _("Engagement, in percent"), rates, words=lambda value: f"{value:.1f} %"),
        _chart("followers", _("New followers"), [day.new_followers or 0 for day in days]),
    ]


def _chart(
    name: str,
    label: str | Promise,
    values: Sequence[float],
    *,
    upper: Sequence[float] = (),
    upper_label: str | Promise = "",
    words: Callable[[float], str] = lambda value: f"{value:.0f}",
) -> Chart:
    above = upper or [0] * len(values)
    most = max((value + extra for value, extra in zip(values, above, strict=True)), default=0)
    most, least = max(most, 0), min([*values, 0])
    scale = HEIGHT / (most - least) if most > least else 0
    ground = most * scale if scale else HEIGHT
    place = WIDTH / max(1, len(values))
    bars = [
        _bar(n * place + place * GAP / 2, value * scale, extra * scale, ground)
        for n, (value, extra) in enumerate(zip(values, above, strict=True))
    ]
    return Chart(
        name, label, upper_label, bars, f"{place * (1 - GAP):.1f}", f"{ground:.1f}", words(most), words(least)
    )


def _bar(x: float, height: float, upper: float, ground: float) -> Bar:
    top = ground - max(0.0, height)
    return Bar(
        x=f"{x:.1f}",
        y=f"{top:.1f}",
        height=f"{abs(height):.1f}",
        upper_y=f"{top - upper:.1f}",
        upper_height=f"{upper:.1f}",
        is_below=height < 0,
    )
