"""Quiet hours and mornings, across midnight and the days on which clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from notifications.clock import MORNING, next_morning, quiet_until

BERLIN, SANTIAGO, LORD_HOWE = (
    ZoneInfo(name) for name in ("Europe/Berlin", "America/Santiago", "Australia/Lord_Howe")
)
ZONES = [BERLIN, SANTIAGO, LORD_HOWE, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia")]

START, MINUTES = datetime(2024, 1, 1, tzinfo=UTC), 4 * 366 * 1440
moments = st.integers(0, MINUTES).map(lambda minutes: START + timedelta(minutes=minutes))
times = st.integers(0, 1439).map(lambda minutes: time(minutes // 60, minutes % 60))
zones = st.sampled_from(ZONES)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other work slows it


def at(zone: ZoneInfo, *numbers: int, fold: int = 0) -> datetime:
    return datetime(*numbers, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[misc,arg-type]


def until(now: datetime, start: time, end: time, zone: ZoneInfo) -> datetime | None:
    return quiet_until(now, start=start, end=end, zone=zone)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ((2026, 6, 1, 21, 59), None),
        ((2026, 6, 1, 22, 0), (2026, 6, 2, 7, 0)),
        ((2026, 6, 1, 23, 59), (2026, 6, 2, 7, 0)),
        ((2026, 6, 2, 0, 0), (2026, 6, 2, 7, 0)),
        ((2026, 6, 2, 6, 59), (2026, 6, 2, 7, 0)),
        ((2026, 6, 2, 7, 0), None),
    ],
)
def test_over_midnight(now: tuple[int, ...], ends: tuple[int, ...] | None) -> None:
    expected = at(BERLIN, *ends) if ends else None
    assert until(at(BERLIN, *now), time(22), time(7), BERLIN) == expected


def test_within_a_day_and_none_at_all() -> None:
    noon = at(BERLIN, 2026, 6, 1, 12)
    assert until(noon, time(12), time(13), BERLIN) == at(BERLIN, 2026, 6, 1, 13)
    assert until(noon, time(13), time(14), BERLIN) is None
    assert until(noon, time(12), time(12), BERLIN) is None
    assert quiet_until(noon, start=None, end=None, zone=BERLIN) is None


@pytest.mark.parametrize(
    ("zone", "evening", "morning", "hours"),
    [  # the nights on which clocks are put forward, then back: shorter and longer, the end is on the person's clock
        (BERLIN, (2026, 3, 28, 22), (2026, 3, 29, 7), 8),
        (BERLIN, (2026, 10, 24, 22), (2026, 10, 25, 7), 10),
        (SANTIAGO, (2026, 9, 5, 22), (2026, 9, 6, 7), 8),
        (SANTIAGO, (2026, 4, 4, 22), (2026, 4, 5, 7), 10),
        (LORD_HOWE, (2026, 10, 3, 22), (2026, 10, 4, 7), 8.5),
        (LORD_HOWE, (2026, 4, 4, 22), (2026, 4, 5, 7), 9.5),
    ],
)
def test_nights_on_which_clocks_change(
    zone: ZoneInfo, evening: tuple[int, ...], morning: tuple[int, ...], hours: float
) -> None:
    begins, ends = at(zone, *evening), at(zone, *morning)
    assert ends - begins == timedelta(hours=hours)
    for now in (begins, begins + (ends - begins) / 2, ends - timedelta(seconds=1)):
        assert until(now, time(22), time(7), zone) == ends
    assert until(ends, time(22), time(7), zone) is None
    assert until(begins - timedelta(seconds=1), time(22), time(7), zone) is None


def test_an_end_that_clocks_skip_is_where_it_would_have_been() -> None:
    midnight = at(BERLIN, 2026, 3, 29, 0)
    assert until(midnight, time(22), time(2, 30), BERLIN) == at(BERLIN, 2026, 3, 29, 3, 30)
    assert until(at(BERLIN, 2026, 3, 29, 3, 30), time(22), time(2, 30), BERLIN) is None


def test_an_end_that_clocks_show_twice_is_the_first() -> None:
    first = at(BERLIN, 2026, 10, 25, 2, 30)
    assert until(at(BERLIN, 2026, 10, 25, 0), time(22), time(2, 30), BERLIN) == first
    again = at(BERLIN, 2026, 10, 25, 2, 10, fold=1)
    assert again > first and until(again, time(22), time(2, 30), BERLIN) is None


def test_a_start_that_clocks_show_twice_is_the_first() -> None:
    again = at(BERLIN, 2026, 10, 25, 2, 10, fold=1)
    assert until(again, time(2, 30), time(7), BERLIN) == at(BERLIN, 2026, 10, 25, 7)


@unhurried
@given(now=moments, start=times, end=times, zone=zones)
@example(now=at(BERLIN, 2026, 10, 25, 2, 10, fold=1), start=time(22), end=time(2, 30), zone=BERLIN)
@example(now=at(BERLIN, 2026, 3, 29, 3, 10), start=time(3, 5), end=time(2, 30), zone=BERLIN)
def test_quiet_hours_end_in_the_future_and_are_over_then(
    now: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    ends = until(now, start, end, zone)
    if ends is None:
        return
    assert now < ends <= now + timedelta(hours=50)
    assert until(ends, start, end, zone) is None


@unhurried
@given(now=moments, start=times, end=times, zone=zones)
def test_far_from_changes_of_clocks_quiet_hours_are_what_the_clock_shows(
    now: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    near = (now + timedelta(days=days) for days in (-2, 0, 2))
    if len({moment.astimezone(zone).utcoffset() for moment in near}) > 1:
        return
    here = now.astimezone(zone).time()
    inside = start <= here < end if start <= end else here >= start or here < end
    assert (until(now, start, end, zone) is not None) == inside


@unhurried
@given(now=moments, zone=zones)
@example(now=at(BERLIN, 2026, 6, 1, 8), zone=BERLIN)
def test_the_next_morning_is_the_first_eight_o_clock(now: datetime, zone: ZoneInfo) -> None:
    morning = next_morning(now, zone)
    assert now < morning <= now + timedelta(hours=25)
    assert morning.astimezone(zone).time() == MORNING  # no zone skips it in these years
