"""What a request to the outside ends with when it brings nothing."""


class OutsideRefused(Exception):
    """An address or an answer that we do not take; asking again changes nothing. `reason` is a word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutsideAway(Exception):
    """No answer this time; a later request may get one. `reason` is a word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutsideUnreachable(OutsideAway):
    """Nothing answered: the kind that opens the breaker."""


class OutsideTimeout(OutsideUnreachable):
    """It took longer than we wait."""
