"""Times of day in a person's own time zone: quiet hours, and the morning for what comes once a day.

Pure functions over aware moments; right across the days on which clocks are put forward or back. A time that clocks
show twice counts when they first show it; one that they skip counts when it would have been without the change.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(8)
DAY = timedelta(days=1)


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The next eight o'clock where the person is, later than `now`."""
    today = now.astimezone(zone).date()
    mornings = (_moment(today + ahead * DAY, MORNING, zone) for ahead in range(3))
    return next(moment for moment in mornings if moment > now)


def quiet_until(now: datetime, *, start: time | None, end: time | None, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end in which `now` lies; None outside of them. They may span midnight.

    They begin once a day and end once, so that a night on which clocks are put back is quiet once. A start and an end
    that are the same are no quiet hours.
    """
    if start is None or end is None or start == end:
        return None
    today = now.astimezone(zone).date()
    until = now
    for ahead in range(-2, 3):
        begins = _moment(today + ahead * DAY, start, zone)
        ends = _moment(today + (ahead + (start > end)) * DAY, end, zone)
        if begins <= until < ends:  # a change of clocks may let one night reach into the next
            until = ends
    return until if until > now else None


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """In UTC: moments of the same zone compare by what clocks show."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
