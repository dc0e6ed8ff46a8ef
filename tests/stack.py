"""The real processes, for tests that need them all, on this test's database and Redis."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from django.conf import settings
from django.db import connections

from socialnet.embedded.applications import ASKED_AT_ONCE, LONG_QUEUES, OUTSIDE_QUEUES, QUICK_QUEUES

CHECKOUT = Path(__file__).resolve().parents[1]
QUEUES = f"{QUICK_QUEUES},{LONG_QUEUES},{OUTSIDE_QUEUES}"


class Stack:
    """What runs, by name; `address` is where the pages are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.live_port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.queues = QUEUES

    def environment(self) -> dict[str, str]:
        database = connections["default"].settings_dict
        query = urlencode({"host": database["OPTIONS"].get("host", "")})
        return os.environ | {
            "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}?{query}",
            "DATABASE_OWNER_URL": "",
            "REDIS_URL": settings.REDIS_URL,
            "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
            "SOCIALNET_HOME": str(self.folder),
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "PUBLIC_URL": self.address,
            "LIVE_URL": f"ws://127.0.0.1:{self.live_port}/ws/",
            "EMAIL_VERIFICATION": "optional",
            "RATE_LIMITS_ENABLED": "0",
            "LINK_PREVIEWS": "0",  # nothing leaves this machine
            "DJANGO_SETTINGS_MODULE": "socialnet.settings",
            "PYTHONWARNINGS": "ignore",
        }

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start `name` as `script/server` does, in a process group of its own."""
        granian = ["granian", "--host", "127.0.0.1", "--workers", "1"]
        programs = {
            "web": ["-m", *granian, "--interface", "wsgi", "--port", str(self.port), "--blocking-threads", "2",
                    "--no-ws", "socialnet.wsgi:application"],
            "live": ["-m", "uvicorn", "--host", "127.0.0.1", "--port", str(self.live_port), "--lifespan", "off",
                     "--no-access-log", "--ws-max-size", "65536", "--ws-ping-interval", "10", "--ws-ping-timeout", "10",
                     "--ws-per-message-deflate", "false", "socialnet.asgi:application"],
            "relay": ["manage.py", "relay"],
            "worker": ["-m", "celery", "-A", "socialnet", "worker", "-Q", self.queues, "-c", "2", "--without-gossip",
                       "--without-mingle"],
            "quick": ["-m", "celery", "-A", "socialnet", "worker", "-n", "quick@%h", "-Q", QUICK_QUEUES, "-c", "2",
                      "--without-gossip", "--without-mingle"],
            "bulk": ["-m", "celery", "-A", "socialnet", "worker", "-n", "bulk@%h", "-Q", LONG_QUEUES, "-c", "1",
                     "--without-gossip", "--without-mingle"],
            "outside": ["-m", "celery", "-A", "socialnet", "worker", "-n", "outside@%h", "-Q", OUTSIDE_QUEUES,
                        "-P", "threads", "-c", ASKED_AT_ONCE, "--without-gossip", "--without-mingle"],
            "beat": ["-m", "celery", "-A", "socialnet", "beat", "-s", str(self.folder / "beat-schedule"), "--pidfile="],
        }  # fmt: skip
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *programs[name]],
                cwd=CHECKOUT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        return process

    def revive(self, *names: str) -> None:
        """As the supervisor does, start those of `names` again that ended by themselves. A worker may: kombu raises an
        AttributeError out of it where a connection breaks in the moment of an acknowledgement."""
        for name in names:
            if self.processes[name].poll() is not None:
                self.start(name)

    def kill(self, name: str) -> None:
        """End the whole group of `name` at once, as the kernel would when memory runs out."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for name, process in list(self.processes.items()):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_until_ready(self, seconds: float = 60) -> None:
        wait_for(self._is_ready, seconds=seconds, what="/health/ready with every part up")

    def answers(self) -> bool:
        """Whether the pages are there, whatever else is."""
        try:
            with urlopen(f"{self.address}/health/live", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def _is_ready(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.live_port), timeout=1).close()
            with urlopen(f"{self.address}/health/ready", timeout=5) as response:
                return b'"down"' not in response.read()
        except OSError:
            return False


@contextmanager
def running(folder: Path, *names: str) -> Iterator[Stack]:
    """The processes called `names`, gone again afterwards whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    stack = Stack(folder)
    try:
        for name in names:
            stack.start(name)
        yield stack
    finally:
        stack.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(condition, *, seconds: float, what: str) -> float:  # type: ignore[no-untyped-def]
    """Wait until `condition()` is true; returns the seconds it took, fails with `what` after too many."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)
    return time.monotonic() - started
