"""A small load generator in a process of its own: keep-alive connections, bounded by time, exact percentiles.

python -m bench.client < plan.json > figures.json      the plan: port, connections, seconds, requests, once
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, cast

import uvloop

from bench.report import percentiles

PATIENCE = 60.0  # seconds for the last answers


@dataclass(frozen=True)
class Figures:
    """Times in milliseconds; `wrong` are answers that were not 2xx."""

    requests: int
    wrong: int
    per_second: float
    p50: float
    p95: float
    p99: float
    slowest: float


def measure(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, once: bool = False
) -> Figures:
    """Send `requests` from a process of its own, over and over or each once; no more when `seconds` are over."""
    plan = {
        "port": port,
        "connections": connections,
        "seconds": seconds,
        "requests": [request.decode("latin-1") for request in requests],
        "once": once,
    }
    ran = subprocess.run(
        [sys.executable, "-m", "bench.client"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return Figures(**json.loads(ran.stdout))


def get(path: str, **headers: str) -> bytes:
    """The bytes of a GET."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Connection(asyncio.Protocol):
    def __init__(self, load: "Load") -> None:
        self.load = load
        self.buffer = b""
        self.needed = 0  # bytes of the answer; 0 while its head is not there

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self.ask()

    def ask(self) -> None:
        self.buffer, self.needed = b"", 0
        self.asked_at = time.perf_counter()
        if request := next(self.load.requests, None):
            self.transport.write(request)
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.needed:
            head, found, _body = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self.needed = len(head) + 4 + _length(head)
        if len(self.buffer) >= self.needed:
            self.load.answered(time.perf_counter() - self.asked_at, self.buffer[9:10] == b"2")
            self.ask() if time.perf_counter() < self.load.until else self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self.load.open -= 1
        if not self.load.open:
            self.load.done.set()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without Content-Length")


class Load:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        requests = [str(request).encode("latin-1") for request in plan["requests"]]
        self.requests = iter(requests) if plan["once"] else cycle(requests)
        self.times: list[float] = []
        self.wrong = 0
        self.failure: Exception | None = None
        self.done = asyncio.Event()

    def answered(self, seconds: float, well: bool) -> None:
        self.times.append(seconds * 1000)
        self.wrong += not well

    def failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failure = context.get("exception") or RuntimeError(context["message"])
        self.done.set()

    async def run(self) -> Figures:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self.failed)
        self.open = int(self.plan["connections"])
        started = time.perf_counter()
        self.until = started + float(self.plan["seconds"])
        for _ in range(self.open):
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", int(self.plan["port"]))
        await asyncio.wait_for(self.done.wait(), self.until - started + PATIENCE)
        if self.failure:
            raise self.failure
        took = time.perf_counter() - started
        p50, p95, p99 = percentiles(self.times, 50, 95, 99)
        many = len(self.times)
        return Figures(many, self.wrong, many / took, p50, p95, p99, max(self.times))


if __name__ == "__main__":
    figures = uvloop.run(Load(json.load(sys.stdin)).run())
    json.dump(asdict(figures), sys.stdout)
