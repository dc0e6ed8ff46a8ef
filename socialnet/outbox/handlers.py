"""Which handler reacts to which event: filled by `@on` and `@owed` when the apps' `handlers.py` are imported."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from socialnet.outbox.errors import UnknownHandler
from socialnet.outbox.events import Event

QUEUES = (
    *("fanout", "fanout_bulk", "notify", "default", "maintenance"),
    *("previews", "mail", "mail_bulk", "push"),  # what waits for strangers
)
LEASE_SECONDS = 20


@dataclass(frozen=True)
class Owed:
    """One piece of a larger work: its event and its key."""

    event: Event
    key: str


@dataclass(frozen=True)
class Handler:
    """A reaction. `name` is stored with deliveries: never rename the function. `batch` is the most it gets at once.

    `gather` is for what nobody waits for: a relay hands it over once in so many seconds, so that many acts are one
    piece of work and not many.
    """

    name: str
    run: Callable[[Sequence[Any]], None]
    queue: str
    batch: int
    keyed: bool
    gather: float = 0


_handlers: dict[str, Handler] = {}
_reactions: dict[str, list[str]] = {}


def on(
    *events: type[Event], queue: str = "default", batch: int = 100, gather: float = 0
) -> Callable[..., Any]:
    """Make a function the reaction to `events`: it gets a list of them, may get them twice, late or out of order."""

    def register(run: Callable[[Sequence[Any]], None]) -> Callable[[Sequence[Any]], None]:
        handler = _add(run, queue=queue, batch=batch, keyed=False, gather=gather)
        for event in events:
            _reactions.setdefault(event.name, []).append(handler.name)
        return run

    return register


def owed(*, queue: str = "default", batch: int = 1) -> Callable[..., Any]:
    """Make a function a worker for pieces that other handlers `owe()`: it gets a list of `Owed`."""

    def register(run: Callable[[Sequence[Owed]], None]) -> Callable[[Sequence[Owed]], None]:
        _add(run, queue=queue, batch=batch, keyed=True)
        return run

    return register


def _add(
    run: Callable[[Sequence[Any]], None], *, queue: str, batch: int, keyed: bool, gather: float = 0
) -> Handler:
    if queue not in QUEUES:
        raise ValueError(f"no queue named {queue}")
    handler = Handler(name=name_of(run), run=run, queue=queue, batch=batch, keyed=keyed, gather=gather)
    if handler.name in _handlers:
        raise ValueError(f"two handlers are named {handler.name}")
    _handlers[handler.name] = handler
    return handler


def name_of(run: Callable[..., Any]) -> str:
    """`app.function`: what a delivery stores of its handler."""
    return f"{run.__module__.removesuffix('.handlers').rpartition('.')[2]}.{run.__name__}"


def handler_named(name: str) -> Handler:
    try:
        return _handlers[name]
    except KeyError as error:
        raise UnknownHandler(name) from error


def handlers() -> list[Handler]:
    return [_handlers[name] for name in sorted(_handlers)]


def reactions_to(event_name: str) -> list[str]:
    """The names of the handlers that react to an event."""
    return _reactions.get(event_name, [])


def reactions() -> dict[str, list[str]]:
    """The names of the handlers, by the name of the event that they react to."""
    return _reactions
