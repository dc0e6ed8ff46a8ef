"""The real processes, for tests that need them all, on this test's database and Redis."""

import os
import random
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from django.conf import settings
from django.db import connections
from django.test.utils import override_settings

from socialnet.embedded.applications import ASKED_AT_ONCE, LONG_QUEUES, OUTSIDE_QUEUES, QUICK_QUEUES
from tests.nursery import Child, Nursery

QUEUES = f"{QUICK_QUEUES},{LONG_QUEUES},{OUTSIDE_QUEUES}"


@dataclass(frozen=True)
class Place:
    """Where a stack keeps its files and listens."""

    folder: Path
    port: int = field(default_factory=lambda: free_port())
    live_port: int = field(default_factory=lambda: free_port())


@cache
def usual_place() -> Place:
    """Of all stacks of this worker, one after the other: with the same environment the same nursery serves them."""
    return Place(Path(tempfile.mkdtemp(prefix="stack-", dir=os.environ["SOCIALNET_HOME"])))


@cache
def nursery_of(environment: frozenset[tuple[str, str]]) -> Nursery:
    return Nursery(dict(environment))


class Stack:
    """What runs, by name; `address` is where the pages are."""

    def __init__(self, place: Place | None = None) -> None:
        place = place or usual_place()
        self.folder, self.port, self.live_port = place.folder, place.port, place.live_port
        self.address = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, Child] = {}
        self.queues = QUEUES
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def environment(self) -> dict[str, str]:
        database = connections["default"].settings_dict
        query = urlencode({"host": database["OPTIONS"].get("host", "")})
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return own | {
            "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}?{query}",
            "DATABASE_OWNER_URL": "",
            "REDIS_URL": settings.REDIS_URL,
            "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
            "SOCIALNET_HOME": str(self.folder),
            "MEDIA_ROOT": str(self.folder / "media"),
            "PUBLIC_URL": self.address,
            "LIVE_URL": f"ws://127.0.0.1:{self.live_port}/ws/",
            "EMAIL_VERIFICATION": "optional",
            "RATE_LIMITS_ENABLED": "0",
            "LINK_PREVIEWS": "0",  # nothing leaves this machine
            "DJANGO_SETTINGS_MODULE": "socialnet.settings",
            "PYTHONWARNINGS": "ignore",
        }

    def start(self, name: str) -> Child:
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
        nursery = nursery_of(frozenset(self.environment().items()))
        self.processes[name] = nursery.start(programs[name], self.folder / f"{name}.log")
        return self.processes[name]

    def revive(self, *names: str) -> None:
        """As the supervisor does, start those of `names` again that ended by themselves. A worker may: kombu raises an
        AttributeError out of it where a connection breaks in the moment of an acknowledgement."""
        for name in names:
            if self.processes[name].poll() is not None:
                self.start(name)

    def kill(self, name: str) -> None:
        """End the whole group of `name` at once, as the kernel would when memory runs out."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):  # all of it had ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End them all, at once: nobody waits for what they were at."""
        for name in list(self.processes):
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
def running(*names: str, stack: Stack | None = None) -> Iterator[Stack]:
    """The processes called `names`, gone again afterwards whatever happens."""
    stack = stack or Stack()
    with override_settings(MEDIA_ROOT=stack.folder / "media"):
        try:
            for name in names:
                stack.start(name)
            yield stack
        finally:
            stack.stop()


def free_port() -> int:
    """One that no connection of this machine takes by chance while nobody listens there."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def wait_for(condition, *, seconds: float, what: str) -> float:  # type: ignore[no-untyped-def]
    """Wait until `condition()` is true; returns the seconds it took, fails with `what` after too many."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)
    return time.monotonic() - started
