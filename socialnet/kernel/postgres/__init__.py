"""PostgreSQL as Django's backend, and what its errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.utils import InterfaceError, OperationalError

from socialnet.kernel.errors import DatabaseAway

_LOST_OR_FULL = (
    "08",
    "53",
    "57P",
)  # SQLSTATE: connection lost, nothing left to give, shutting down or starting

_CANCELLED = "57014"  # SQLSTATE: by `statement_timeout`


def is_away(error: BaseException) -> bool:
    """Whether PostgreSQL does not answer, or says that it cannot. A statement that took too long, waited too long for
    a lock or met a deadlock is not that: the next one may pass.
    """
    if isinstance(error, OperationalError):
        code = str(getattr(error.__cause__, "pgcode", None) or "")  # none: there was nobody to send one
        return not code or code.startswith(_LOST_OR_FULL)
    return isinstance(error, DatabaseAway | InterfaceError)


def is_slow(error: BaseException) -> bool:
    """Whether PostgreSQL is there, but gave up a statement that took too long."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "pgcode", None) == _CANCELLED


@contextmanager
def in_time(milliseconds: int) -> Iterator[Any]:
    """A cursor in a transaction of its own, each of whose statements ends with an error (`is_slow`) when it takes
    longer. Inside another transaction the limit stays until that ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
        yield cursor
