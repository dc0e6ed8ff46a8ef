"""The inbox by day, in the time zone of the person who reads it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from notifications.items import InboxItem


@dataclass(frozen=True, slots=True)
class Day:
    """A day and what came on it, the latest first."""

    date: date
    items: list[InboxItem]

    @property
    def name(self) -> str:
        """Today, Yesterday, or its date; the year only where it is another one."""
        today = timezone.localdate()
        if self.date == today:
            return _("Today")
        if self.date == today - timedelta(days=1):
            return _("Yesterday")
        return date_format(self.date, "l, j F" if self.date.year == today.year else "l, j F Y")


def days_of(items: Iterable[InboxItem]) -> list[Day]:
    """`items`, which are in the order of the inbox, by day."""
    days = groupby(items, key=lambda item: timezone.localtime(item.updated_at).date())
    return [Day(day, list(came)) for day, came in days]
