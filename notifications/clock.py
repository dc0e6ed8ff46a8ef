"""Times of day in a person's own time zone: quiet hours, and the morning for what comes once a day.

Pure functions over aware moments; right across the days on which clocks are put forward or back.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(8)


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The next eight o'clock where the person is, later than `now`."""
    return _next(now, MORNING, zone)


def quiet_until(now: datetime, *, start: time | None, end: time | None, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end in which `now` lies; None outside of them. They may span midnight.

    A start and an end that are the same are no quiet hours.
    """
    if start is None or end is None or start == end:
        return None
    here = now.astimezone(zone).time()
    is_quiet = start <= here < end if start < end else here >= start or here < end
    return _next(now, end, zone) if is_quiet else None


def _next(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The first moment after `now` at which clocks in `zone` show `at`, or would if it were not skipped."""
    day = now.astimezone(zone).date()
    for ahead in range(3):
        moment = datetime.combine(day + timedelta(days=ahead), at, tzinfo=zone)
        if moment > now:
            return moment
    raise AssertionError("a day has less than three days")
