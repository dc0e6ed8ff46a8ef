"""Keyset pages and the opaque, signed cursors that lead through them."""

import base64
import hmac
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Generic, Self, TypeVar

from django.conf import settings
from django.db.models import QuerySet

from socialnet.kernel.errors import InvalidCursor

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_SIGNATURE_BYTES = 8
T = TypeVar("T")


@dataclass(frozen=True)
class Cursor:
    """A place in a list that is ordered by descending id: what follows is older than `before`."""

    before: int

    def encode(self) -> str:
        packed = struct.pack(">Q", self.before)
        return base64.urlsafe_b64encode(packed + _signature(packed)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> Self | None:
        """The cursor in `text`, None for none; raises `InvalidCursor` for anything we did not make."""
        if not text:
            return None
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise InvalidCursor from error
        packed, signature = raw[:8], raw[8:]
        if len(packed) != 8 or not hmac.compare_digest(signature, _signature(packed)):
            raise InvalidCursor
        return cls(before=struct.unpack(">Q", packed)[0])


def _signature(packed: bytes) -> bytes:
    key = f"cursor:{settings.SECRET_KEY}".encode()
    return hmac.new(key, packed, sha256).digest()[:_SIGNATURE_BYTES]


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items of a list, and where it goes on."""

    items: Sequence[T]
    next_cursor: Cursor | None = None

    @property
    def has_more(self) -> bool:
        return self.next_cursor is not None

    @classmethod
    def of(
        cls, rows: QuerySet[Any], *, size: int = PAGE_SIZE, key: Callable[[Any], int] = lambda row: row.pk
    ) -> Self:
        """The first `size` of `rows`, which are ordered by descending `key`; reads one more to see if it goes on."""
        found = list(rows[: size + 1])
        items = found[:size]
        more = len(found) > size
        return cls(items=items, next_cursor=Cursor(before=key(items[-1])) if more else None)
