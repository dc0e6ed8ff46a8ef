"""Keyset pages and the opaque, signed cursors that lead through them."""

import base64
import hmac
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Generic, Protocol, Self, TypeVar

from django.conf import settings
from django.db.models import QuerySet

from socialnet.kernel.errors import InvalidCursor

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_SIGNATURE_BYTES = 8
T = TypeVar("T")


class Onward(Protocol):
    """Where a list goes on, as the text that a client gives back."""

    def encode(self) -> str: ...


@dataclass(frozen=True)
class Cursor:
    """A place in a list that is ordered by descending id: what follows is older than `before`.

    A `scope` keeps it to one list, where another must not take it.
    """

    before: int
    scope: str = ""

    def encode(self) -> str:
        return sealed(struct.pack(">Q", self.before), scope=self.scope)

    @classmethod
    def decode(cls, text: str | None, *, scope: str = "") -> Self | None:
        """The cursor in `text`, None for none; raises `InvalidCursor` for anything we did not make for `scope`."""
        if not text:
            return None
        return cls(before=struct.unpack(">Q", opened(text, size=8, scope=scope))[0], scope=scope)


def sealed(packed: bytes, *, scope: str) -> str:
    """`packed` and its signature, as text for an address."""
    return base64.urlsafe_b64encode(packed + _signature(packed, scope)).decode().rstrip("=")


def opened(text: str, *, size: int, scope: str) -> bytes:
    """The `size` bytes that `sealed` packed; raises `InvalidCursor` for anything it did not make for `scope`."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidCursor from error
    packed, signature = raw[:size], raw[size:]
    if len(packed) != size or not hmac.compare_digest(signature, _signature(packed, scope)):
        raise InvalidCursor
    return packed


def _signature(packed: bytes, scope: str) -> bytes:
    purpose = f"cursor:{scope}:" if scope else "cursor:"
    return hmac.new(f"{purpose}{settings.SECRET_KEY}".encode(), packed, sha256).digest()[:_SIGNATURE_BYTES]


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items of a list, and where it goes on."""

    items: Sequence[T]
    next_cursor: Onward | None = None

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
