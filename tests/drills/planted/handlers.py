import os
import signal

from socialnet.outbox.handlers import on
from tests.drills.planted.events import PoisonServed


@on(PoisonServed, batch=20)
def swallow(events: list[PoisonServed]) -> None:
    for event in events:
        if event.kind == "raise":
            raise ValueError("poison")
        if event.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        while event.kind == "loop":
            pass
