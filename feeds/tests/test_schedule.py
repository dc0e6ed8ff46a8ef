"""Times for later, as people type them where they are."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from feeds.schedule import ScheduleField, as_local

BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str, zone: str = "Europe/Berlin") -> datetime | None:
    with timezone.override(ZoneInfo(zone)):
        return ScheduleField(required=False).clean(text)


@pytest.mark.parametrize(
    ("typed", "zone", "meant"),
    [
        ("2026-01-15T12:00", "Europe/Berlin", datetime(2026, 1, 15, 11, tzinfo=UTC)),
        ("2026-07-15T12:00", "Europe/Berlin", datetime(2026, 7, 15, 10, tzinfo=UTC)),
        ("2026-07-15 12:00:30", "Asia/Kolkata", datetime(2026, 7, 15, 6, 30, 30, tzinfo=UTC)),
        ("2026-07-15T12:00", "UTC", datetime(2026, 7, 15, 12, tzinfo=UTC)),
        # twice that night: the first
        ("2026-10-25T02:30", "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-03-29T01:59", "Europe/Berlin", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29T03:00", "Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-07-15T12:00+02:00", "Asia/Kolkata", datetime(2026, 7, 15, 10, tzinfo=UTC)),
    ],
)
def test_what_clocks_there_show(typed, zone, meant):
    assert read(typed, zone) == meant


@pytest.mark.parametrize("typed", ["2026-03-29T02:00", "2026-03-29T02:30", "2026-03-29T02:59"])
def test_a_time_that_clocks_leap_over(typed):
    with pytest.raises(ValidationError, match="left out"):
        read(typed)


def test_a_day_that_was_left_out():
    with pytest.raises(ValidationError, match="left out"):
        read("2011-12-30T12:00", "Pacific/Apia")


@pytest.mark.parametrize(
    "typed", ["tomorrow", "2026-02-30T12:00", "2026-01-01T25:00", "12:00", "\x00", "0", "9" * 400]
)  # fmt: skip
def test_what_is_no_time(typed):
    with pytest.raises(ValidationError, match="not a date"):
        read(typed)


@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_ends_of_the_calendar_break_nothing(typed):
    for zone in ("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        with suppress(ValidationError):
            assert read(typed, zone) is not None


def test_nothing_is_no_time_at_all():
    assert read("") is None
    assert as_local(None) == ""


def test_there_and_back():
    with timezone.override(BERLIN):
        assert as_local(datetime(2026, 7, 15, 10, tzinfo=UTC)) == "2026-07-15T12:00"
    assert read("2026-07-15T12:00") == datetime(2026, 7, 15, 12, tzinfo=BERLIN)


def test_the_field_shows_the_local_time_of_a_moment():
    with timezone.override(BERLIN):
        assert ScheduleField().prepare_value(datetime(2026, 1, 1, 12, tzinfo=UTC)) == "2026-01-01T13:00"
    assert ScheduleField().prepare_value("as typed") == "as typed"
