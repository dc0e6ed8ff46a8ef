"""Pid files, and the end of processes that outlived a killed supervisor.

Its guardian ends them (guardian.py); the next supervisor does the same, for it cannot start before they are gone,
and the guardian may have been killed too. A pid alone may belong to somebody else by now, so a process is known by its
pid and the time of its birth.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from .program import Program

LOOK_EVERY = 0.05  # seconds
# Seconds until those are asked to stop whom the kernel did not ask, for it cannot be seen whom it did. Asked a second
# time while it still runs the handler of the first, a program may wait for itself for ever.
KERNELS_TURN = 1.0


@dataclass(frozen=True)
class Trace:
    """A process that was started, and how to end it; what a pid file holds."""

    pid: int
    birth: str
    stop_signal: int
    patience: float

    @classmethod
    def of(cls, program: Program, pid: int) -> "Trace":
        return cls(pid, birth_of(pid) or "", int(program.stop_signal), program.patience)

    def is_alive(self) -> bool:
        return birth_of(self.pid) == self.birth

    def has_descendants(self) -> bool:
        """Its session goes on without it. No new process gets its pid as long as that is so."""
        return birth_of(self.pid) is None and _signal_group(self.pid, 0)

    def is_left(self) -> bool:
        return self.is_alive() or self.has_descendants()


def leave_trace(folder: Path, program: Program, pid: int) -> Trace:
    trace = Trace.of(program, pid)
    (folder / program.name).write_text(json.dumps(asdict(trace)))
    return trace


def remove_trace(folder: Path, program: Program) -> None:
    (folder / program.name).unlink(missing_ok=True)


def end_leftovers(folder: Path) -> list[str]:
    """End what the pid files in `folder` name; return the names of those that were still there."""
    traces = {path: _read(path) for path in sorted(folder.iterdir())}
    left = {path.name: trace for path, trace in traces.items() if trace and trace.is_left()}
    see_off(left.values())
    for path in traces:
        path.unlink(missing_ok=True)
    return list(left)


def see_off(traces: Iterable[Trace]) -> None:
    """Ask all to stop; kill each when its patience is over, and what it started when it is gone."""
    left = [trace for trace in traces if trace.is_left()]
    began, asked = time.monotonic(), False
    while left:
        waited = time.monotonic() - began
        if waited > KERNELS_TURN and not asked:
            asked = True
            _ask(left)
        waiting = [trace for trace in left if trace.is_alive() and waited < trace.patience]
        for trace in left:
            if trace not in waiting and trace.is_left():
                _signal_group(trace.pid, signal.SIGKILL)
        left = waiting
        time.sleep(LOOK_EVERY)


def _ask(traces: Iterable[Trace]) -> None:
    for trace in traces:
        if trace.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(trace.pid, trace.stop_signal)


def _read(path: Path) -> Trace | None:
    try:
        return Trace(**json.loads(path.read_text()))
    except (ValueError, TypeError):  # half-written when the power went
        return None


def _signal_group(pid: int, number: int) -> bool:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def birth_of(pid: int) -> str | None:
    """When `pid` was started, in the system's own words; None if there is no such process, or only its shell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except FileNotFoundError:
        return None if Path("/proc/self").exists() else _asked_ps(pid, "lstart")
    except ProcessLookupError:
        return None


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return "" if Path("/proc/self").exists() else (_asked_ps(pid, "command") or "")


def _asked_ps(pid: int, column: str) -> str | None:
    asked = subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None
