"""The order in which everything starts and stops."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from typing import Any

from .child import Child
from .errors import StartError
from .guardian import Guardian
from .home import Home, sign
from .leftovers import end_leftovers
from .log import Log
from .program import Program

STOP_ORDER = (
    ("migrate", "demo"),
    ("web", "live", "beat"),
    ("relay",),
    ("worker", "bulk", "outside"),
    ("redis",),
    ("postgres",),
)
PATIENCE = 90.0  # seconds until everything must answer; a slow laptop on its first start
LOOK_EVERY = 0.05


class Supervisor:
    """Holds a home: its locks and its processes. None of them outlives it for long: its guardian sees to that."""

    def __init__(self, home: Home, log: Log) -> None:
        self.home = home
        self.log = log
        self._children: list[Child] = []
        self._hurry = asyncio.Event()
        self._held = ExitStack()
        self._guardian = Guardian()

    async def take(self, lock: str, *, note: str = "") -> None:
        """Take `lock`, and end what a killed holder of it left behind. `note` is for whoever finds it taken."""
        sign(self._held.enter_context(self.home.lock(lock)), note)
        for name in await asyncio.to_thread(end_leftovers, self.home.pids(lock)):
            self.log.say(f"The last supervisor was killed; ended what it left of {name}.")

    async def up(self, programs: list[Program], *, lock: str) -> None:
        """Start all, and return when all of them answer."""
        await self.answers_of(await self.begin(programs, lock=lock))

    async def begin(self, programs: list[Program], *, lock: str) -> list[Child]:
        """Start all, and wait for none."""
        started = [self._child(program, lock) for program in programs]
        for child in started:
            await child.start()
        return started

    async def answers_of(self, started: list[Child]) -> None:
        """Return when all of them answer."""
        deadline = time.monotonic() + PATIENCE
        waiting = started
        while waiting := [child for child in waiting if not await child.answers()]:
            for child in started:  # one that ended may be what keeps the others from answering
                await child.check_alive()
            if time.monotonic() > deadline:
                names = " and ".join(child.name for child in waiting)
                raise StartError(
                    f"No answer from {names} after {PATIENCE:.0f} seconds: the log above says why."
                )
            await asyncio.sleep(LOOK_EVERY)

    async def once(self, program: Program) -> None:
        """Run a command to its end."""
        await self._child(program, "server").run_to_end()

    async def until_stopped(self) -> None:
        """Start again what crashes, for ever."""
        for child in self._children:
            if child.is_running:
                child.keep_alive()
        await asyncio.Event().wait()

    async def down(self) -> None:
        """Stop in order: first what takes requests, last what keeps the data."""
        for turn in range(len(STOP_ORDER)):
            await asyncio.gather(
                *(child.stop(self._hurry) for child in self._children if turn_of(child) == turn)
            )
        self._guardian.dismiss()
        self._held.close()

    def afterwards(self, clean_up: Callable[[], object]) -> None:
        """Do this when everything is down, before the locks are given back."""
        self._held.callback(clean_up)

    def hurry(self) -> None:
        self._hurry.set()

    def _child(self, program: Program, lock: str) -> Child:
        child = Child(program, log=self.log, pids=self.home.pids(lock), guardian=self._guardian)
        self._children.append(child)
        return child


def turn_of(child: Child) -> int:
    """When it is stopped; what STOP_ORDER does not name goes first."""
    return next((turn for turn, names in enumerate(STOP_ORDER) if child.name in names), 0)


async def supervise(supervisor: Supervisor, work: Coroutine[Any, Any, None]) -> None:
    """Do `work` until it fails or somebody asks to stop (Ctrl-C, SIGTERM, a closed terminal); then stop everything."""
    working = asyncio.ensure_future(work)

    def asked_to_stop() -> None:
        if working.cancelling():
            supervisor.hurry()
        elif working.cancel():
            supervisor.log.say("Stopping. Ctrl-C again to hurry.")

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, asked_to_stop)
    try:
        with suppress(asyncio.CancelledError):
            await working
    finally:
        await supervisor.down()
