"""What the relay does itself, several times a second, past deliveries and broker: see `in_relay`."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from django.db import Error as DatabaseError
from django.db import connection

from socialnet.kernel.errors import RedisAway

log = structlog.get_logger(__name__)
_AWAY_SECONDS = 1.0
_BROKEN_SECONDS = 5.0


class Run(Protocol):
    def __call__(self, *, to_the_end: bool = False) -> int: ...


@dataclass(frozen=True)
class Round:
    name: str
    run: Run
    every: float


_rounds: dict[str, Round] = {}


def in_relay(*, every: float) -> Callable[[Run], Run]:
    """Let every relay call a function each `every` seconds, in a thread of its own; it returns how much it did.

    It keeps what is owed in PostgreSQL, so that a relay that dies loses nothing, and bears with others beside it. Asked
    to go on `to_the_end`, it puts nothing off.
    """

    def register(run: Run) -> Run:
        name = f"{run.__module__}.{run.__name__}"  # type: ignore[attr-defined]  # it is a function
        _rounds[name] = Round(name, run, every)
        return run

    return register


def make_all() -> int:
    """Every round, to the end: for commands that end at rest and for tests."""
    return sum(round_.run(to_the_end=True) for round_ in _rounds.values())


def start(stop: threading.Event) -> list[threading.Thread]:
    """A thread for each round until `stop` is set."""
    threads = [
        threading.Thread(target=keep_going, args=(round_, stop), name=round_.name, daemon=True)
        for round_ in _rounds.values()
    ]
    for thread in threads:
        thread.start()
    return threads


def keep_going(round_: Round, stop: threading.Event) -> None:
    """Call it in time, whatever happens to it: what is owed waits, and a mistake must not end it for good."""
    pause = 0.0
    while not stop.wait(pause):
        started = time.monotonic()
        try:
            round_.run()
            pause = max(0.0, round_.every - (time.monotonic() - started))
        except (DatabaseError, RedisAway) as error:
            log.warning("round_waits", round=round_.name, error=type(error).__name__)
            connection.close()
            pause = _AWAY_SECONDS
        except Exception:
            log.exception("round_failed", round=round_.name)
            connection.close()
            pause = _BROKEN_SECONDS
    connection.close()
