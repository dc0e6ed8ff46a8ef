"""Lists whose order changes while somebody reads them: put in order once, kept for 15 minutes, read from there.

A snapshot holds ids only: whoever shows a page asks the door about them again.
"""

import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import CursorExpired
from socialnet.kernel.pagination import opened, sealed
from socialnet.kernel.redis import door, dumps

LONGEST = 500
SECONDS = 15 * 60
POLICY = CachePolicy(name="snapshot", template="snapshot:{id}", ttl=SECONDS, dropped_by="time", rebuilt=False)
_TOKEN_BYTES = 12
_FORM = f">{_TOKEN_BYTES}sH"


@dataclass(frozen=True)
class Place:
    """A place in a snapshot: what follows begins at `index`.

    `scope` says which list it is and whose (`top:4711`): a place is void in every other.
    """

    token: bytes
    index: int
    scope: str

    def encode(self) -> str:
        return sealed(struct.pack(_FORM, self.token, self.index), scope=self.scope)

    @classmethod
    def decode(cls, text: str, *, scope: str) -> Self:
        """The place in `text`; raises `InvalidCursor` for anything we did not make for `scope`."""
        token, index = struct.unpack(_FORM, opened(text, size=struct.calcsize(_FORM), scope=scope))
        return cls(token, index, scope)

    def at(self, index: int) -> "Place":
        """Another place of the same snapshot."""
        return Place(self.token, index, self.scope)


def keep(ids: Sequence[int], *, scope: str) -> Place:
    """Keep the first `LONGEST` of `ids` in their order; returns their beginning. Raises `RedisAway`."""
    token = secrets.token_bytes(_TOKEN_BYTES)
    with door() as client:
        client.set(POLICY.key(token.hex()), dumps(list(ids[:LONGEST])), ex=SECONDS)
    return Place(token, 0, scope)


def ids_of(place: Place) -> list[int]:
    """All ids of the snapshot. Raises `CursorExpired` when it is not kept any longer, and `RedisAway`."""
    ident = place.token.hex()
    with door() as client:
        kept = POLICY.decode([ident], [client.get(POLICY.key(ident))])
    if ident not in kept:
        raise CursorExpired
    return list(kept[ident])
