"""Times that people choose for later, read and shown in their own time zone."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

INPUT_FORMAT = "%Y-%m-%dT%H:%M"  # what <input type="datetime-local"> takes


def as_local(moment: datetime | None) -> str:
    """`moment` in the current time zone, for the value of a `datetime-local`; empty for none."""
    return "" if moment is None else timezone.localtime(moment).strftime(INPUT_FORMAT)


def in_zone(local: datetime, zone: tzinfo) -> datetime | None:
    """When clocks in `zone` show `local` (naive), in UTC; the first of two times, None where they leap over it."""
    try:
        moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        exists = moment.astimezone(zone).replace(tzinfo=None) == local
    except OverflowError:  # the first and last day of the calendar
        return None
    return moment if exists else None


class ScheduleField(forms.DateTimeField):
    """The value of a `datetime-local`, in the current time zone."""

    default_error_messages = {
        "invalid": _("This is not a date and time."),
        "leapt_over": _("Clocks go forward then, and this time is left out. Choose another."),
    }

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        if isinstance(value, datetime):
            return value
        try:
            local = parse_datetime(str(value).strip())
        except ValueError:
            local = None
        if local is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if local.tzinfo is not None:
            return local
        moment = in_zone(local, timezone.get_current_timezone())
        if moment is None:
            raise ValidationError(self.error_messages["leapt_over"], code="leapt_over")
        return moment

    def prepare_value(self, value: Any) -> Any:
        return as_local(value) if isinstance(value, datetime) else value
