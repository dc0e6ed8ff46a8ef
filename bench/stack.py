"""Engines and processes of a benchmark: the same programs as script/server runs, on data that is thrown away."""

import http.client
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from socialnet.embedded.applications import behind_the_doors, doors
from socialnet.embedded.engines import Engines, start_postgres, start_valkey
from socialnet.embedded.environment import secret_key
from socialnet.embedded.errors import StartError
from socialnet.embedded.home import Home
from socialnet.embedded.log import last_words
from socialnet.embedded.ports import choose_port
from socialnet.embedded.program import Program
from socialnet.embedded.server import application_environment
from socialnet.embedded.testing import test_home

PATIENCE = 60.0  # seconds until everything answers
PARTS = ("postgresql", "redis", "migrations", "relay", "worker")
OURS = re.compile(r"^socialnet\.(wsgi|asgi):")
NOT_OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "MEDIA_ROOT",
    "MAIL_BOX",
    "PORT",
)


@contextmanager
def engines() -> Iterator[None]:
    """PostgreSQL (durable, as on a laptop) and Redis of their own; this process and its children are told."""
    home = Home.from_environment()
    with (
        test_home(home.path / "bench") as folder,
        start_postgres(folder / "postgres", durable=True) as database,
        start_valkey(folder / "redis") as redis,
    ):
        for name in NOT_OURS:
            os.environ.pop(name, None)
        os.environ |= {
            "SOCIALNET_HOME": str(folder),
            "SECRET_KEY": secret_key(folder / "secret_key"),
            "DATABASE_URL": database.url,
            "DATABASE_OWNER_URL": database.owner_url,
            "REDIS_URL": redis.url,
            "RATE_LIMITS_ENABLED": "1",  # counted as for people, and never reached
            **{
                f"RATE_LIMIT_{rule}": "1000000/m"
                for rule in (
                    "FEED",
                    "FEED_ADDRESS",
                    "READ",
                    "WRITE",
                    "PUBLISH",
                    "UPLOAD",
                    "COMMENT",
                    "SEARCH",
                    "SUGGEST",
                )
            },
            "EMAIL_VERIFICATION": "optional",
            "LOG_FORMAT": "json",
            "BENCH_ENGINE_PIDS": f"{database.pid},{redis.pid}",
        }
        yield


class Stack:
    """web, live, relay, worker and beat, while the `with` block lasts."""

    def __init__(self) -> None:
        self.home = Home(Path(os.environ["SOCIALNET_HOME"]))
        self.port = choose_port(None)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._held = ExitStack()
        self.home.metrics.mkdir(exist_ok=True)

    def __enter__(self) -> "Stack":
        told = application_environment(
            self.home, Engines(database=False, redis=False), self.port, colour=False
        )
        try:
            for program in [*doors(self.port, told), *behind_the_doors(self.home, told)]:
                self._start(program)
            self._wait()
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def pids(self) -> dict[str, int]:
        postgres, redis = os.environ["BENCH_ENGINE_PIDS"].split(",")
        return {name: process.pid for name, process in self.running.items()} | {
            "postgres": int(postgres),
            "redis": int(redis),
        }

    def _start(self, program: Program) -> None:
        argv = [OURS.sub(r"bench.\1:", part) for part in program.argv]
        log = self._held.enter_context((self.home.path / f"{program.name}.log").open("wb"))
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **program.popen_options()
        )
        self.running[program.name] = process
        self._held.callback(_stop, process, program)

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while missing := self._missing():
            for name, process in self.running.items():
                if process.poll() is not None:
                    raise StartError(f"{name} ended: {self._last_words(name)}")
            if time.monotonic() > deadline:
                raise StartError(f"No answer from {' and '.join(missing)} after {PATIENCE:.0f} s.")
            time.sleep(0.1)

    def _missing(self) -> list[str]:
        """The parts that are not up yet, as /health/ready has them."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/health/ready")
            parts = json.load(connection.getresponse())["parts"]
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            return ["web"]
        return [name for name in PARTS if parts[name] != "up"]

    def _last_words(self, name: str) -> str:
        return last_words((self.home.path / f"{name}.log").read_text(errors="replace").split("\n"))


def _stop(process: "subprocess.Popen[bytes]", program: Program) -> None:
    if process.poll() is None:
        process.send_signal(program.stop_signal)
    try:
        process.wait(program.patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
