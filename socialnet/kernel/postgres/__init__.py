"""PostgreSQL as Django's backend, and what its errors mean."""

from django.db.utils import InterfaceError, OperationalError

from socialnet.kernel.errors import DatabaseAway

_LOST_OR_FULL = (
    "08",
    "53",
    "57P",
)  # SQLSTATE: connection lost, nothing left to give, shutting down or starting


def is_away(error: BaseException) -> bool:
    """Whether PostgreSQL does not answer, or says that it cannot. A statement that took too long, waited too long for
    a lock or met a deadlock is not that: the next one may pass.
    """
    if isinstance(error, OperationalError):
        code = str(getattr(error.__cause__, "pgcode", None) or "")  # none: there was nobody to send one
        return not code or code.startswith(_LOST_OR_FULL)
    return isinstance(error, DatabaseAway | InterfaceError)
