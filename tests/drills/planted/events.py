from dataclasses import dataclass

from socialnet.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class PoisonServed(Event):
    """`kind` says what it does to whoever handles it: nothing, raise, kill, loop."""

    name = "drill.poison_served"
    kind: str
