"""Time-ordered 53-bit ids: 41 bits of milliseconds since 2024-01-01 and 12 bits of a database sequence.

One id is at once primary key, order, cursor, time and Redis score; it fits a double and a JavaScript number.
"""

from datetime import UTC, datetime, timedelta

from django.db import models

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
SEQUENCE_BITS = 12
MAX_ID = 2**53 - 1


class NextId(models.Func):
    """`db_default` of time-ordered primary keys; the function is made by migration 0001."""

    function = "socialnet_next_id"
    template = "%(function)s()"
    output_field = models.BigIntegerField()


def id_at(moment: datetime, *, sequence: int = 0) -> int:
    """The id that `moment` has, for back-dated loads and for comparing ids with times; `sequence` is 0–4095."""
    milliseconds = (moment - EPOCH) // timedelta(milliseconds=1)
    return (milliseconds << SEQUENCE_BITS) | sequence


def time_of(ident: int) -> datetime:
    """When `ident` was made, to the millisecond."""
    return EPOCH + timedelta(milliseconds=ident >> SEQUENCE_BITS)
