"""The order of a ranked thread as it was when somebody began to read: ids only, and the door judges them again.

The same order has the same key, so however many read a quiet thread it is kept once.
"""

from collections.abc import Sequence
from hashlib import blake2b

from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import CursorExpired, InvalidCursor
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import MAX_ID

LONGEST = 500
_PLACE_BITS = 10  # of the number in a cursor; the rest is the key
_ORDER = CachePolicy(
    name="comments_order",
    template="comments:order:{id}",
    ttl=1000,  # at least 15 minutes, whatever chance adds or takes
    dropped_by="time",
    rebuilt=False,
)


def keep_order(ids: Sequence[int], *, of: str, go_on_at: int) -> Cursor:
    """Keep the order of the list `of`; returns the cursor that leads on from the place `go_on_at` in it."""
    digest = blake2b(f"{of} {ids}".encode(), digest_size=8).digest()
    key = int.from_bytes(digest) & MAX_ID
    _ORDER.replace(key, {"of": of, "ids": list(ids)})
    return Cursor(before=key << _PLACE_BITS | go_on_at)


def kept_order(cursor: Cursor, *, of: str) -> tuple[list[int], int]:
    """The order behind `cursor`, and the place where it goes on.

    Raises `CursorExpired` when it is not kept any longer, `InvalidCursor` when it is that of another list.
    """
    key, place = divmod(cursor.before, 1 << _PLACE_BITS)
    kept = _ORDER.get(key)
    if kept is None:
        raise CursorExpired
    if kept["of"] != of:
        raise InvalidCursor
    return kept["ids"], place
