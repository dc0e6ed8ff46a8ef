"""The door to where files are kept: Django's default storage, on disk or in a bucket, which may be full or away.

Names are made by who calls and never change; saving a name again replaces it, so that a retry is harmless. A file is
there whole or not at all. Nothing here looks who asks: `serve` comes after the door of what the file belongs to.
Calls wait for a disk or a network, so they belong outside transactions.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.http import FileResponse, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.errors import DomainError, NotFound, Unavailable

PROTECTED = "/protected-media/"  # where nginx has MEDIA_ROOT as an internal location
LINK_SECONDS = 60  # that a signed link opens its file
_HARMLESS = "default-src 'none'; style-src 'unsafe-inline'"  # browsers bring styles for a picture alone
_FULL = {errno.ENOSPC, errno.EDQUOT}
_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class StorageFull(DomainError):
    """The disk or the quota for files is used up; nothing of the file was kept."""

    code = "storage_full"
    status = 503
    sentence = _(
        "There is no room for pictures just now. Your text is kept; try again later, or without the picture."
    )

    def __init__(self) -> None:
        super().__init__(retry_after=300)


class StorageAway(Unavailable):
    """Files cannot be reached. Who can keep the file elsewhere meanwhile does; a person is told to try again."""

    sentence = _("Pictures cannot be kept or shown for a moment. Please try again shortly.")


Batch = list[tuple[str, datetime]]


def is_away(error: BaseException) -> bool:
    """Whether the storage does not answer; an absent file and a full disk are answers."""
    return isinstance(error, OSError) and not isinstance(error, _ABSENT) and error.errno not in _FULL


breaker = Breaker("storage", failures=3, pause=10, counts=is_away)


@contextmanager
def reaching() -> Iterator[None]:
    """Around every call to the storage: what goes wrong becomes `StorageFull`, `StorageAway`, or an absent file."""
    try:
        with breaker.calling():
            yield
    except Refused as error:
        raise StorageAway from error
    except _ABSENT:
        raise
    except OSError as error:
        raise StorageFull if error.errno in _FULL else StorageAway from error


class Disk(FileSystemStorage):
    """Files below MEDIA_ROOT, each written beside its place and moved there when it is whole and on the disk."""

    def _save(self, name: str, content: "File[bytes]") -> str:
        path = Path(self.path(name))
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with reaching():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._write(part, content)
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            _flush(path.parent)
        return name

    def _write(self, path: Path, content: "File[bytes]") -> None:
        with path.open("xb") as file:
            for chunk in content.chunks():
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if self.file_permissions_mode is not None:
            path.chmod(self.file_permissions_mode)

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        with reaching():
            return File(Path(self.path(name)).open(mode))

    def exists(self, name: str) -> bool:
        with reaching():
            return super().exists(name)

    def delete(self, name: str) -> None:
        with reaching():
            super().delete(name)

    def batches(self, prefix: str) -> Iterator[Batch]:
        """Everything below `prefix` with the time it was written, folder by folder, left-over parts too."""
        root = Path(self.location)
        for folder, _folders, files in os.walk(root / prefix):
            yield [found for file in files if (found := _dated(Path(folder) / file, root))]


def _flush(folder: Path) -> None:
    """Make a file's name last, as fsync does its content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _dated(path: Path, root: Path) -> tuple[str, datetime] | None:
    try:
        return path.relative_to(root).as_posix(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # deleted since
        return None


def save(name: str, data: bytes) -> None:
    """Keep `data` under exactly this name. Raises `StorageFull` or `StorageAway`; then nothing is there."""
    default_storage.save(name, ContentFile(data))


def open(name: str) -> "File[Any]":
    """Raises FileNotFoundError, `StorageAway`."""
    return default_storage.open(name)


def exists(name: str) -> bool:
    return default_storage.exists(name)


def delete(name: str) -> None:
    """An absent file is fine. Raises `StorageAway`."""
    default_storage.delete(name)


def names(prefix: str, *, older_than: timedelta) -> Iterator[str]:
    """What is kept below the folder `prefix` since before then, for comparing it with rows."""
    before = timezone.now() - older_than
    batches = _place().batches(prefix)
    while True:
        with reaching():
            batch: Batch | None = next(batches, None)
        if batch is None:
            return
        yield from (name for name, written in batch if written < before)


def url(name: str) -> str:
    """The address on our own pages, whatever the storage; for files that everybody may see."""
    return default_storage.url(name)


def signed_url(name: str, *, content_type: str) -> str:
    """A link that opens the file for a minute, on storages that have such."""
    link: str = _place().signed_url(name, content_type=content_type, seconds=LINK_SECONDS)
    return link


def serve(
    name: str, *, content_type: str = "image/webp", max_age: int = 3600, public: bool = False
) -> HttpResponseBase:
    """The file, by the way that MEDIA_DELIVERY names. Raises `NotFound`, `StorageAway`."""
    response = _WAYS[settings.MEDIA_DELIVERY](name, content_type)
    if response.status_code == 302:
        max_age = min(max_age, LINK_SECONDS // 2)  # so that a kept redirect leads somewhere
    response["Cache-Control"] = (
        f"public, max-age={max_age}, immutable" if public else f"private, max-age={max_age}"
    )
    response["Content-Disposition"] = "inline"
    response["Content-Security-Policy"] = _HARMLESS
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _by_django(name: str, content_type: str) -> HttpResponseBase:
    try:
        return FileResponse(open(name), content_type=content_type)
    except (*_ABSENT, SuspiciousFileOperation) as error:
        raise NotFound from error


def _by_nginx(name: str, content_type: str) -> HttpResponseBase:
    return HttpResponse(content_type=content_type, headers={"X-Accel-Redirect": PROTECTED + quote(name)})


def _by_storage(name: str, content_type: str) -> HttpResponseBase:
    return HttpResponseRedirect(signed_url(name, content_type=content_type))


_WAYS = {"django": _by_django, "nginx": _by_nginx, "storage": _by_storage}


def _place() -> Any:
    """The default storage, by what it can do beyond Django's own interface."""
    return default_storage
