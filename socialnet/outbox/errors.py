"""What can go wrong with events (programmers see these) and with repeated requests (people see those)."""

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import Conflict


class NoTransaction(RuntimeError):
    """`emit()` was called outside a transaction: the event could outlive or miss its change."""


class UnknownHandler(LookupError):
    """A delivery names a handler that this code does not have (an older or newer release wrote it)."""


class NotYet(Exception):
    """Raised by a handler: it waits for something of its own. Its batch is made again after `seconds`.

    No attempt is counted, so the handler must know by itself when to give up.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class IdempotencyMismatch(Conflict):
    """The key was used for a request with other fields."""

    code = "idempotency_mismatch"
    sentence = _("This was sent before with something else in it.")


class IdempotencyInProgress(Conflict):
    """The first request with this key is still at work."""

    code = "idempotency_in_progress"
    sentence = _("This is being done at this moment. Ask again in a second.")

    def __init__(self) -> None:
        super().__init__(retry_after=1)
