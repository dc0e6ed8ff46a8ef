"""What can go wrong with events; programmers see these, people do not."""


class NoTransaction(RuntimeError):
    """`emit()` was called outside a transaction: the event could outlive or miss its change."""


class UnknownHandler(LookupError):
    """A delivery names a handler that this code does not have (an older or newer release wrote it)."""
