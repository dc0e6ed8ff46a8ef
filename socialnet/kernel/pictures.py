"""Pictures that people send, drawn anew: what is kept and served is made of their pixels and of nothing else.

`open_picture` looks at the bytes: how many, and what they are, whatever their name says. `renditions` and `cut`
have them drawn by `socialnet.kernel.drawing`, one at a time in each process, in a child that may use 1 GB and 30 s and
touch no file. The child reads the header and refuses more than 40 megapixels before it decodes anything.

Animations (GIF, WebP, PNG, AVIF) stay animations. All frames together may have ten times the pixels of a still
picture, and be 2,000 at most; at most 200 are kept, evenly, in the time of all, scaled so that together they have 20
megapixels. HEIC and JPEG that hold several pictures show their first.

Measured for 40 megapixels on one core of 2026, time and peak memory: JPEG 0.9 s and 145 MB, progressive JPEG 1.1 s and
190 MB, PNG 1.7 s and 265 MB, HEIC 1.9 s and 315 MB, AVIF 1.9 s and 385 MB, WebP 1.6 s and 640 MB; a telephone's 12
megapixels take a third. The child itself costs 60 ms. So call this outside transactions.
"""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog
from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import DomainError, Invalid, Sentence, TooLarge, Unavailable

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")
ACCEPT = "image/jpeg,image/png,image/webp,image/gif,image/avif,image/heic,image/heif"
CONTENT_TYPE = "image/webp"
PATIENCE = 20  # seconds that a picture waits for its turn
BOUND = 60  # seconds that its child may live

_DRAWING = Path(__file__).with_name("drawing.py")
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF = {b"avif", b"avis"}

_log = structlog.get_logger(__name__)
_turn = threading.Lock()


class UnreadablePicture(Invalid):
    """No picture, none of the formats that are taken, broken, or more work than a picture can honestly be."""

    code = "unreadable_picture"
    sentence = _("This is not a picture we can read: JPEG, PNG, WebP, GIF, AVIF or HEIC, please.")


class PictureTooLarge(TooLarge):
    """Too many bytes, pixels, or frames of an animation."""

    code = "picture_too_large"
    sentence = _("This picture is too large: 10 MB and 40 megapixels are the limit.")


@dataclass(frozen=True)
class Picture:
    """Bytes that begin like a picture; not decoded yet."""

    data: bytes
    format: str
    max_pixels: int
    field: str


@dataclass(frozen=True)
class Rendition:
    """A finished file, WebP."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Renditions:
    """`large` fits 2048 pixels, `small` 640; the same file where the picture is no larger than that."""

    large: Rendition
    small: Rendition
    blurhash: str
    animated: bool


def open_picture(
    upload: bytes | IO[bytes],
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    formats: tuple[str, ...] = FORMATS,
    field: str = "file",
) -> Picture:
    """Raises `UnreadablePicture` or `PictureTooLarge`, said of the form's `field`."""
    data = upload if isinstance(upload, bytes) else upload.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise _about(field, PictureTooLarge)
    if not data:
        raise _about(field, UnreadablePicture, _("This file is empty."))
    kind = format_of(data)
    if kind not in formats:
        raise _about(field, UnreadablePicture)
    return Picture(data=data, format=kind, max_pixels=max_pixels, field=field)


def renditions(picture: Picture) -> Renditions:
    """Both sizes. Raises `UnreadablePicture`, `PictureTooLarge`, or `Unavailable` when too many wait."""
    head, (large, small) = _drawn(picture, sizes=[])
    return Renditions(large=large, small=small, blurhash=head["blurhash"], animated=head["animated"])


def cut(picture: Picture, *sizes: tuple[int, int]) -> tuple[list[Rendition], str]:
    """Cut around the middle to each of `sizes`, which have one shape, with its blurhash; a still picture always.

    Raises as `renditions` does.
    """
    head, drawn = _drawn(picture, sizes=list(sizes))
    return drawn, head["blurhash"]


def squares(picture: Picture, *sides: int) -> list[Rendition]:
    """As `cut` does, square."""
    return cut(picture, *((side, side) for side in sides))[0]


def format_of(data: bytes) -> str:
    """What the first bytes say that it is, in Pillow's words; empty when it is nothing we take."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    return _format_by_brands(data) if data[4:8] == b"ftyp" else ""


def _format_by_brands(data: bytes) -> str:
    """AVIF and HEIC share one container, which names its kinds at the front."""
    end = min(int.from_bytes(data[:4], "big"), 512, len(data))
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & _AVIF:
        return "AVIF"
    return "HEIF" if brands & _HEIC else ""


def _drawn(picture: Picture, *, sizes: list[tuple[int, int]]) -> tuple[dict[str, Any], list[Rendition]]:
    if not _turn.acquire(timeout=PATIENCE):
        raise Unavailable(_("Many pictures are being prepared just now. Please try again in a moment."))
    try:
        answer = _child(picture, sizes=sizes)
    finally:
        _turn.release()
    head, _newline, files = answer.partition(b"\n")
    said = json.loads(head)
    if error := said.get("error"):
        if error == "too large":
            raise _about(picture.field, PictureTooLarge)
        raise _about(picture.field, UnreadablePicture, _("This picture is broken."))
    return said, _cut(files, said["drawn"])


def _child(picture: Picture, *, sizes: list[tuple[int, int]]) -> bytes:
    job = {"kind": picture.format, "max_pixels": picture.max_pixels, "sizes": sizes}
    try:
        return subprocess.run(
            [sys.executable, "-I", str(_DRAWING), json.dumps(job)],
            input=picture.data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=BOUND,
            check=True,
        ).stdout
    except subprocess.SubprocessError as error:  # it crashed, or was at work for too long
        _log.warning(
            "picture.not_drawn",
            kind=picture.format,
            bytes=len(picture.data),
            outcome=getattr(error, "returncode", "timeout"),
        )
        raise _about(picture.field, UnreadablePicture, _("This picture is broken.")) from error


def _cut(files: bytes, drawn: list[tuple[int, int, int]]) -> list[Rendition]:
    made, at = [], 0
    for length, width, height in drawn:
        made.append(Rendition(data=files[at : at + length], width=width, height=height))
        at += length
    return made


def _about(field: str, kind: type[DomainError], sentence: Sentence | None = None) -> DomainError:
    return kind(sentence, errors={field: [sentence or kind.sentence]})
