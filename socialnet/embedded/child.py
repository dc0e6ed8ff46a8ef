"""One supervised process."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from .errors import StartError
from .guardian import Guardian
from .leftovers import leave_trace, remove_trace
from .log import Log, Voice, last_words
from .program import Program

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a crashed process is started again
CALM_AFTER = 60.0  # seconds of life after which a crash counts as the first again


class Child:
    def __init__(self, program: Program, *, log: Log, pids: Path, guardian: Guardian) -> None:
        self.program = program
        self.voice = Voice(program.name, log, chatter=program.chatter)
        self._log = log
        self._pids = pids
        self._guardian = guardian
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        await asyncio.to_thread(self.program.before)
        reading, writing = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.program.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                **self.program.popen_options(),
            )
        except OSError as error:
            os.close(reading)
            raise StartError(f"Cannot start {self.name}: {error}.") from error
        finally:
            os.close(writing)
        self._guardian.watch(self.name, leave_trace(self._pids, self.program, self._process.pid))
        self._listening = asyncio.create_task(self._listen(reading))

    async def check_alive(self) -> None:
        """Raise StartError with its last words when it has ended."""
        if not self.is_running:
            await self._hear_out()
            raise StartError(f"{self.name} ended while starting: {last_words(list(self.voice.last))}")

    async def answers(self) -> bool:
        """Whether it does its work already."""
        return await asyncio.to_thread(self.program.is_ready)

    async def run_to_end(self) -> None:
        """For a command that should succeed: start it, wait, raise StartError if it failed."""
        await self.start()
        assert self._process
        code = await self._process.wait()
        await self._hear_out()
        remove_trace(self._pids, self.program)
        if code:
            raise StartError(f"{self.name} failed: {last_words(list(self.voice.last))}")

    def keep_alive(self) -> None:
        """From now on start it again whenever it ends."""
        self._keeping = asyncio.create_task(self._keep_alive())

    async def _keep_alive(self) -> None:
        pause = FIRST_PAUSE
        while True:
            assert self._process
            born = time.monotonic()
            code = await self._process.wait()
            self._kill_session()
            if time.monotonic() - born > CALM_AFTER:
                pause = FIRST_PAUSE
            self._log.say(f"{self.name} ended ({describe(code)}); starting it again in {pause:.0f} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            with contextlib.suppress(StartError):
                await self.start()

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask, wait, then kill; whatever it left in its session ends with it. `hurry` cuts the waiting short."""
        if self._keeping:
            self._keeping.cancel()
        if self._process is None:
            return
        if self.is_running:
            self._process.send_signal(self.program.stop_signal)
            await self._wait(hurry)
        self._kill_session()
        await self._process.wait()
        await self._hear_out()
        remove_trace(self._pids, self.program)

    async def _wait(self, hurry: asyncio.Event) -> None:
        assert self._process
        waiting = {asyncio.create_task(self._process.wait())}
        if self.program.hurries:
            waiting.add(asyncio.create_task(hurry.wait()))
        _, unfinished = await asyncio.wait(
            waiting, timeout=self.program.patience, return_when=asyncio.FIRST_COMPLETED
        )
        for task in unfinished:
            task.cancel()
        if self.is_running and not hurry.is_set():
            self._log.say(f"{self.name} does not stop; killing it.")

    def _kill_session(self) -> None:
        """The process and what it started: all of them are in the session that it leads."""
        assert self._process
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _listen(self, reading: int) -> None:
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", 0)
        )
        try:
            while output := await stream.read(65_536):
                self.voice.hear(output)
        finally:
            self.voice.finish()
            transport.close()

    async def _hear_out(self) -> None:
        """Its last lines. Not waiting for ever: a process of its own may hold the pipe."""
        if self._listening:
            await asyncio.wait({self._listening}, timeout=1)
            self._listening.cancel()


def describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
