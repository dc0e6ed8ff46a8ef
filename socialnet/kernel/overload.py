"""Overload is a state, too: what is put off while more is asked of us than we can give, so that the rest stays quick.

The relay measures and decides (`socialnet.outbox.watch`); everybody else reads what it decided, at most `LOOK_EVERY`
seconds old. What it says is forgotten after `LASTS` seconds: with a relay that died, the state ends.
"""

import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import DomainError, RedisAway
from socialnet.kernel.redis import door, dumps, loads

CALM, BUSY, STRAINED, FULL = range(4)
LOOK_EVERY, LASTS = 2.0, 15
_KEY = "overload"

# In a person's words: what somebody notices at each level, and what the measures say.
BANNERS: dict[int, tuple[Promise, Promise]] = {
    BUSY: (
        _("A lot is going on just now."),
        _("Pages may take a little longer, and news of new posts comes later."),
    ),
    STRAINED: (
        _("A lot is going on just now."),
        _("Pages may take a little longer; suggestions and previews of links come later."),
    ),
    FULL: (
        _("More is going on than we can keep up with."),
        _("Pictures cannot be taken in for a moment. Posts of text go out as always."),
    ),
}
WORDS: dict[str, Promise] = {
    "deliveries": _("Posts wait longer than usual for their delivery."),
    "connections": _("The database has hardly a connection left."),
    "p95": _("Pages take longer than they should."),
}


class Overloaded(DomainError):
    """Too much is going on for what can wait; posts of text are taken all the same."""

    code = "overloaded"
    status = 503
    sentence = _(
        "Too much is going on for that just now. Try again in a minute; posts of text go out as always."
    )

    def __init__(self) -> None:
        super().__init__(retry_after=60)


@dataclass(frozen=True)
class State:
    """What was decided: the level, which measures are past their limits, and since when (seconds of the epoch).

    `bulk_waits`: deliveries of posts to very large audiences are put off, or were and are not all made yet; `until` is
    the id of the moment up to which.
    """

    level: int = CALM
    why: tuple[str, ...] = ()
    since: float = 0.0
    bulk_waits: bool = False
    until: int | None = None


_copy: tuple[float, State] | None = None
_lock = threading.Lock()


def state() -> State:
    """As this process last read it; calm while Redis is away, which has a breaker of its own."""
    global _copy
    copy = _copy
    if copy is None or time.monotonic() - copy[0] >= LOOK_EVERY:
        if not _lock.acquire(blocking=copy is None):
            return copy[1] if copy else State()  # another thread reads it anew
        try:
            copy = _copy = (time.monotonic(), _read())
        finally:
            _lock.release()
    return copy[1]


def _read() -> State:
    try:
        return published()
    except RedisAway:
        return State()


def published() -> State:
    """What stands in Redis; raises `RedisAway`."""
    with door() as client:
        raw = client.get(_KEY)
    if raw is None:
        return State()
    said: dict[str, Any] = loads(raw)
    return State(**{**said, "why": tuple(said["why"])})


def publish(decided: State) -> None:
    """For the relay; raises `RedisAway`."""
    with door() as client:
        client.set(_KEY, dumps(asdict(decided)), ex=LASTS)


def forget_here() -> None:
    """What this process remembers of it."""
    global _copy
    _copy = None


def level() -> int:
    return state().level


def bulk_is_paused() -> bool:
    """Whether nothing is handed over now that goes to very large audiences."""
    return level() >= BUSY


def homes_come_from_sql() -> bool:
    """Whether stored and warm timelines may lack posts that wait for bulk fan-out."""
    return state().bulk_waits


def is_strained() -> bool:
    """Whether work that only makes things nicer or quicker shall be left undone."""
    return level() >= STRAINED


def check() -> None:
    """Before a write that can wait, where ratelimit.check stands, too. Raises `Overloaded`."""
    if level() >= FULL:
        raise Overloaded


def shown() -> dict[str, Any]:
    """For `/health/ready` and the page of the status."""
    now = state()
    return {"level": now.level, "why": list(now.why)}
