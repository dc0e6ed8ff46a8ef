"""Parts of the site that are up in a moment: one process has imported what all of them import, and forks them.

A test that needs the real parts starts four or more; each would import Django and all of ours first. What is forked has
opened nothing yet: no connection, no thread, no file. One nursery per environment, for settings are read from it.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
EVERYTHING = [
    "granian.cli",
    "uvicorn.main",
    "uvicorn.lifespan.off",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "celery.worker.components",
    "kombu.transport.redis",
    "socialnet.wsgi",
    "socialnet.asgi",
    "socialnet.urls",
]


class Nursery:
    """Forks processes that see `environment`; it ends with the process that asked for it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._line, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
            cwd=CHECKOUT,
            env=environment,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        self._said = self._line.makefile("rw")

    def start(self, arguments: list[str], log: Path) -> "Child":
        """What `python arguments` would be, in a process group of its own; it writes to `log`."""
        return Child(self, self.ask(arguments=arguments, log=str(log)))

    def ask(self, **question: Any) -> Any:
        self._said.write(json.dumps(question) + "\n")
        self._said.flush()
        return json.loads(self._said.readline())

    def end(self) -> None:
        self._said.close()
        self._line.close()
        self._process.wait()


class Child:
    """As `subprocess.Popen`, of a process whose parent is the nursery."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._nursery.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        started = time.monotonic()
        while (code := self.poll()) is None:
            if timeout is not None and time.monotonic() - started > timeout:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def tend(line: socket.socket) -> list[str]:
    """Answer questions until nobody asks any more; in what is forked, return what it shall be.

    Whoever asked may have been killed: what was forked for them ends with them.
    """
    said, living = line.makefile("rw"), set()
    for text in said:
        question = json.loads(text)
        if "arguments" in question:
            answer: int | None = os.fork()
            if answer == 0:
                said.close()
                line.close()
                _leave_home(Path(question["log"]))
                return list(question["arguments"])
            os.setpgid(answer, answer)  # before whoever asked may want to end the whole group
            living.add(answer)
        else:
            pid, status = os.waitpid(question["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
            living.discard(pid)
        said.write(json.dumps(answer) + "\n")
        said.flush()
    for pid in living:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    os._exit(0)


def _leave_home(log: Path) -> None:
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    os.close(written)


def become(arguments: list[str]) -> None:
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    for module in EVERYTHING:
        import_module(module)
    from django.apps import apps

    from socialnet.celery import app

    assert apps.ready and app.loader
    app.loader.import_default_modules()
    assert threading.active_count() == 1, "what has threads cannot fork"
    become(tend(line))


if __name__ == "__main__":
    main()
