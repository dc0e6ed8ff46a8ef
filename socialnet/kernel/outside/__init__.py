"""Requests to addresses that strangers name: never into our own network, never large, never long (ADR 15)."""

import io
import socket
import ssl
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any, cast

from django.conf import settings

from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.outside.errors import OutsideAway, OutsideRefused, OutsideTimeout, OutsideUnreachable
from socialnet.kernel.outside.targets import Target, next_target, target_of
from socialnet.kernel.outside.ways import Deadline, connected

__all__ = [
    "Answer",
    "OutsideAway",
    "OutsideRefused",
    "Receipt",
    "breaker",
    "checked_url",
    "get",
    "is_unreachable",
    "post",
]

TOTAL_SECONDS = 5.0  # names, connections, redirects, headers and body together
MOST_REDIRECTS = 3
HEADER_BYTES = 65_536  # of one answer, all lines together; what chunks cost beside the body, too
PIECE = 16_384

_REDIRECTS = {301, 302, 303, 307, 308}
_COME_AGAIN = {408, 425, 429}  # with every 5xx: a later request may be answered


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What lies at `url`, where the redirects ended. `body` is unpacked, and its beginning only unless `is_whole`."""

    url: str
    content_type: str  # in lower case, without parameters
    charset: str | None
    body: bytes
    is_whole: bool = True
    robots: tuple[str, ...] = ()  # the X-Robots-Tag headers
    redirects: int = 0


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of something that was posted; what else the answer says is not read."""

    status: int
    retry_after: int | None = None  # seconds, if it is said in seconds


def is_unreachable(error: BaseException) -> bool:
    """What breakers count."""
    return isinstance(error, OutsideUnreachable)


# A dead link does not open it; a network of ours that lost its way out does, and the worker rests for a while.
breaker = Breaker("previews", failures=10, pause=30, counts=is_unreachable)


def get(url: str, *, most_bytes: int, accept: Collection[str]) -> Answer:
    """What lies at `url`, if it is of a media type in `accept`; takes 5 s at most and keeps `most_bytes` at most.

    Raises `OutsideRefused` or `OutsideAway`. Not inside a transaction.
    """
    target = target_of(url)
    try:
        with breaker.calling():
            return _follow(target, most_bytes=most_bytes, accept=accept)
    except Refused:
        raise OutsideAway("paused") from None


def post(url: str, body: bytes, *, headers: Mapping[str, str], through: Breaker) -> Receipt:
    """Hand `body` over at `url` and learn the status, whichever it is; takes 5 s at most and follows no redirect.

    `through` is the caller's own breaker. Raises `OutsideRefused` or `OutsideAway`. Not inside a transaction.
    """
    target = target_of(url)
    fields = {**headers, "Content-Length": str(len(body))}
    try:
        with (
            through.calling(),
            _asking(target, _request("POST", target, fields) + body, deadline=Deadline(TOTAL_SECONDS)) as (
                response,
                _wire,
            ),
        ):
            return Receipt(status=response.status, retry_after=_seconds(response.headers["Retry-After"]))
    except Refused:
        raise OutsideAway("paused") from None


def _seconds(value: str | None) -> int | None:
    """A number of seconds; dates, which need clocks that agree, are not read."""
    value = (value or "").strip()
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


def checked_url(url: str) -> str:
    """`url` in its normal form, if `get` would ask for it (its addresses aside); raises `OutsideRefused`."""
    return target_of(url).url


def _follow(target: Target, *, most_bytes: int, accept: Collection[str]) -> Answer:
    deadline = Deadline(TOTAL_SECONDS)
    for redirects in range(MOST_REDIRECTS + 1):
        with _asking(target, _request("GET", target, _about(accept)), deadline=deadline) as (response, wire):
            if response.status not in _REDIRECTS:
                _check_answer(response, accept)
                wire.allowance = HEADER_BYTES + most_bytes
                body, is_whole = _body(response, most_bytes)
                return Answer(
                    url=target.url,
                    content_type=response.headers.get_content_type(),
                    charset=response.headers.get_content_charset(),
                    body=body,
                    is_whole=is_whole,
                    robots=tuple(response.headers.get_all("X-Robots-Tag", [])),
                    redirects=redirects,
                )
            target = next_target(target, response.headers["Location"])
    raise OutsideRefused("redirects")


class _Wire(io.RawIOBase):
    """The bytes of a socket: until the deadline, and no more than `allowance`, however they are framed."""

    def __init__(self, line: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._line = line
        self._deadline = deadline
        self.allowance = HEADER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(self._deadline.left())
        count = self._line.recv_into(buffer)
        self.allowance -= count
        if self.allowance < 0:
            raise OutsideRefused("size")
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `HTTPResponse` asks a socket for."""
        return io.BufferedReader(self)


@contextmanager
def _asking(target: Target, request: bytes, *, deadline: Deadline) -> Iterator[tuple[HTTPResponse, _Wire]]:
    """The answer up to its headers; the body is read inside. Errors keep no address (`from None`): logs see them."""
    try:
        with closing(connected(target, deadline)) as line:
            line.settimeout(deadline.left())
            line.sendall(request)
            wire = _Wire(line, deadline)
            response = HTTPResponse(cast(socket.socket, wire), method="GET")
            response.begin()
            yield response, wire
    except ssl.SSLCertVerificationError:
        raise OutsideRefused("certificate") from None
    except TimeoutError:
        raise OutsideTimeout("timeout") from None
    except (OSError, IncompleteRead):
        raise OutsideUnreachable("connection") from None
    except (HTTPException, ValueError):
        raise OutsideRefused("protocol") from None


def _about(accept: Collection[str]) -> dict[str, str]:
    return {
        "User-Agent": f"socialnet-preview (+{settings.PUBLIC_URL})",
        "Accept": ", ".join(accept),
        "Accept-Encoding": "gzip",
    }


def _request(method: str, target: Target, headers: Mapping[str, str]) -> bytes:
    """Nothing that knows anybody: no cookie, no referrer, no language."""
    fields = {"Host": target.host, **headers, "Connection": "close"}
    lines = [f"{method} {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _check_answer(response: HTTPResponse, accept: Collection[str]) -> None:
    status = response.status
    if status >= 500 or status in _COME_AGAIN:
        raise OutsideAway(f"status_{status}")
    if status != 200:
        raise OutsideRefused(f"status_{status}")
    if response.headers.get_content_type() not in accept:
        raise OutsideRefused("content_type")


def _body(response: HTTPResponse, most_bytes: int) -> tuple[bytes, bool]:
    """The first `most_bytes`, packed or unpacked, and whether that is all. What is not needed is not read."""
    unpack = _unpacker(response)
    body, taken = bytearray(), 0
    while taken <= most_bytes and len(body) <= most_bytes:
        piece = response.read(min(PIECE, most_bytes + 1 - taken))
        if not piece:
            if response.length:  # fewer bytes than announced
                raise OutsideUnreachable("connection")
            return bytes(body), unpack is None or unpack.eof or not taken
        taken += len(piece)
        body += _unpacked(unpack, piece, most_bytes + 1 - len(body)) if unpack else piece
    return bytes(body[:most_bytes]), False


def _unpacker(response: HTTPResponse) -> "zlib._Decompress | None":
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing in ("", "identity"):
        return None
    if packing not in ("gzip", "x-gzip"):
        raise OutsideRefused("encoding")
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _unpacked(unpack: "zlib._Decompress", piece: bytes, most: int) -> bytes:
    """What `piece` unpacks to, never more than `most` bytes of it: a small bomb stays small."""
    try:
        return unpack.decompress(piece, most)
    except zlib.error:
        raise OutsideRefused("encoding") from None
