"""Numbers of suggestions as a chart per day, with what each line says in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from discovery.models import Source, SuggestionDay
from discovery.people.numbers import COUNTED, Sums

DAYS = 30
WIDTH, HEIGHT, LEFT, BOTTOM = 720, 200, 40, 24
_HUES = {
    Source.TIES: 210,
    Source.TASTES: 150,
    Source.INTERESTS: 90,
    Source.PLACE: 30,
    Source.GROUPS: 270,
    Source.POPULAR: 320,
}


@dataclass(frozen=True)
class Line:
    """The follow rate of one source over the days, as points of a polyline; gaps are days on which nobody was shown."""

    label: str
    hue: int
    points: list[str]
    total: Sums


@dataclass(frozen=True)
class Chart:
    lines: list[Line]
    total: Sums
    marks: list[tuple[float, str]]  # heights of rates, with their words
    days: list[date]

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def left(self) -> int:
        return LEFT

    @property
    def ground(self) -> int:
        return HEIGHT - BOTTOM


def chart() -> Chart:
    """Of the last `DAYS` days."""
    today = timezone.now().date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    by_source: dict[str, dict[date, Sums]] = defaultdict(dict)
    for row in SuggestionDay.objects.filter(day__gte=days[0]):
        by_source[row.source][row.day] = Sums(*(getattr(row, name) for name in COUNTED))
    top = max([0.15, *(_rate(sums) for one in by_source.values() for sums in one.values())])
    lines = [
        Line(
            label=str(source.label),
            hue=_HUES[source],
            points=_points([by_source[source].get(day) for day in days], top=top),
            total=_sum(by_source[source].values()),
        )
        for source in Source
        if source in by_source
    ]
    marks = [(_height(rate, top), f"{rate:.0%}") for rate in (0.0, 0.05, 0.08, 0.12) if rate <= top]
    return Chart(lines, _sum(line.total for line in lines), marks, days)


def _points(sums: Sequence[Sums | None], *, top: float) -> list[str]:
    step = (WIDTH - LEFT) / max(1, len(sums) - 1)
    return [
        f"{LEFT + place * step:.1f},{_height(_rate(one), top):.1f}"
        for place, one in enumerate(sums)
        if one and one.shown
    ]


def _rate(sums: Sums) -> float:
    return sums.followed / sums.shown if sums.shown else 0.0


def _height(rate: float, top: float) -> float:
    return (HEIGHT - BOTTOM) * (1 - min(1.0, rate / top)) + 4


def _sum(many: Iterable[Sums]) -> Sums:
    rows = list(many)
    return Sums(*(sum(getattr(row, name) for row in rows) for name in COUNTED))
