"""Thousands of open pages, in a process of their own: sockets that count what they hear, and note when, if told to.

Lean on purpose, for the machine's cores are shared with what is measured: frames are counted, not parsed. Times are of
`time.perf_counter`, which on Linux is the same clock in every process.
"""

import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Self, cast

import uvloop

BARE_GROUP, BARE_PATH = "bench.bare", "/bench/ws/"  # of the bare consumer
AT_ONCE = 50  # sockets that are being opened
PATIENCE = 120.0  # seconds
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
Note = tuple[int, float, bytes]  # which socket of its room, when, what


@dataclass(frozen=True)
class Guest:
    """Who opens a socket: what they show, and what they say first. They are there when they hear an answer."""

    headers: dict[str, str]
    says: str = ""


class Crowd:
    """The process, as whoever measures speaks to it. Raises `RuntimeError` when sockets are refused, lost or silent."""

    def __enter__(self) -> Self:
        self._line, theirs = get_context("spawn").Pipe()
        self._process = get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()

    def open(self, room: str, port: int, path: str, guests: Sequence[Guest]) -> float:
        """Seconds until all `guests` of a new room are there."""
        return float(self._ask("open", room, port, path, list(guests)))

    def heard(self, room: str) -> int:
        """How many messages came to all of the room since it was opened."""
        return int(self._ask("heard", room))

    def wait_for(self, room: str, heard: int) -> None:
        self._ask("wait_for", room, heard)

    def take_notes(self, room: str) -> None:
        """From now on, of every message."""
        self._ask("take_notes", room)

    def notes(self, room: str) -> list[Note]:
        """What was noted; no more is."""
        return cast(list[Note], self._ask("notes", room))

    def _ask(self, *question: Any) -> Any:
        self._line.send(question)
        try:
            well, answer = self._line.recv()
        except EOFError:
            raise RuntimeError("the process with the sockets ended") from None
        if not well:
            raise RuntimeError(answer)
        return answer


# --- in the other process ---------------------------------------------------------------------------------------------


@dataclass
class Room:
    there: int = 0
    heard: int = 0
    lost: str = ""
    noted: list[Note] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, number: int, text: bytes) -> None:
        self.heard += 1
        if self.noted is not None:
            self.noted.append((number, time.perf_counter(), text))
        self.changed.set()

    def lose(self, why: str) -> None:
        self.lost = self.lost or why
        self.changed.set()

    async def until(self, name: str, wanted: int) -> None:
        """Until `there` or `heard` is `wanted`."""
        async with asyncio.timeout(PATIENCE):
            while getattr(self, name) < wanted and not self.lost:
                self.changed.clear()
                await self.changed.wait()
        if self.lost:
            raise RuntimeError(self.lost)


class Socket(asyncio.Protocol):
    def __init__(self, room: Room, number: int, path: str, guest: Guest) -> None:
        self.room, self.number, self.path, self.guest = room, number, path, guest
        self.buffer = b""
        self.is_open = self.is_there = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        lines = [
            f"GET {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(self.number.to_bytes(16, 'big')).decode()}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",  # as browsers do
            *(f"{name}: {value}" for name, value in self.guest.headers.items()),
        ]
        self.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.is_open or self._opens():
            self._read()

    def _opens(self) -> bool:
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.room.lose(f"a socket was refused: {head[:200]!r}")
            return False
        if b"permessage-deflate" in head:
            self.room.lose("the server compresses small messages, each for each")
        self.is_open, self.buffer = True, rest
        if self.guest.says:
            self.transport.write(frame(TEXT, self.guest.says.encode()))
        return True

    def _read(self) -> None:
        """Whole frames of a server: neither masked nor, with messages of ours, larger than 64 KB."""
        buffer, size, at = self.buffer, len(self.buffer), 0
        while size - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            if size < start + length:
                break
            self._take(buffer[at] & 15, buffer[start : start + length])
            at = start + length
        self.buffer = buffer[at:]

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == TEXT and self.is_there:
            self.room.hear(self.number, payload)
        elif kind == TEXT:
            self.is_there = True
            self.room.there += 1
            self.room.changed.set()
        elif kind == PING:
            self.transport.write(frame(PONG, payload))
        elif kind == CLOSE:
            self.room.lose(f"a socket was closed with {int.from_bytes(payload[:2], 'big')}")

    def connection_lost(self, error: Exception | None) -> None:
        self.room.lose(f"a socket was lost: {error!r}")


def frame(kind: int, payload: bytes) -> bytes:
    """A whole frame of a client; its mask is zero, which changes nothing."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([0x80 | kind]) + size + bytes(4) + payload


class Rooms:
    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}

    async def open(self, name: str, port: int, path: str, guests: list[Guest]) -> float:
        began = time.perf_counter()
        room = self.rooms[name] = Room()
        loop = asyncio.get_running_loop()
        for first in range(0, len(guests), AT_ONCE):
            for number, guest in enumerate(guests[first : first + AT_ONCE], first):
                socket = Socket(room, number, path, guest)
                await loop.create_connection(lambda socket=socket: socket, "127.0.0.1", port)  # type: ignore[misc]
            await room.until("there", min(first + AT_ONCE, len(guests)))
        return time.perf_counter() - began

    async def heard(self, name: str) -> int:
        return self.rooms[name].heard

    async def wait_for(self, name: str, heard: int) -> None:
        await self.rooms[name].until("heard", heard)

    async def take_notes(self, name: str) -> None:
        self.rooms[name].noted = []

    async def notes(self, name: str) -> list[Note]:
        room = self.rooms[name]
        noted, room.noted = room.noted or [], None
        if room.lost:
            raise RuntimeError(room.lost)
        return noted


async def _answer(line: Connection) -> None:
    rooms = Rooms()
    while True:
        try:
            what, *rest = await asyncio.to_thread(line.recv)
        except (EOFError, OSError):
            return  # nobody asks any more
        try:
            line.send((True, await getattr(rooms, what)(*rest)))
        except (RuntimeError, TimeoutError, OSError) as error:
            line.send((False, str(error) or f"the sockets heard nothing for {PATIENCE:.0f} s ({what})"))


def _run(line: Connection) -> None:
    uvloop.run(_answer(line))
