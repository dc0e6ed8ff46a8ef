"""Jobs of suggestions; each may run twice at once."""

import time

import structlog

from discovery.people import lists, numbers
from socialnet.kernel import overload

log = structlog.get_logger(__name__)
AT_ONCE = 100
SECONDS = 240.0


def renew_lists(*, seconds: float = SECONDS) -> int:
    """New lists for active people whose list is a day old, as many as time allows; the others have their turn next.

    Ends early when lists cannot be made, or too much is going on: the old ones are served meanwhile.
    """
    began, made = time.monotonic(), 0
    while time.monotonic() - began < seconds and not overload.is_strained():
        people = lists.due(most=AT_ONCE)
        renewed = lists.renew(people)
        made += renewed
        if not renewed or len(people) < AT_ONCE:
            break
    return made


def write_numbers() -> None:
    """What was counted, kept; and a warning in the logs when hardly anybody follows whom they are shown."""
    numbers.write_down()
    week = numbers.last_days()
    if week.is_low:
        log.warning("suggestions_rarely_followed", shown=week.shown, followed=week.followed)
