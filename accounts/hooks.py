"""What apps above fill in, in their `AppConfig.ready()`; accounts knows nothing of them."""

from collections.abc import Callable


def _nobody_is_told(_user_id: int) -> int:
    return 0


# How many notifications a person has not read, by their id.
unread_notifications: Callable[[int], int] = _nobody_is_told
