"""What people hid from themselves, kept for the time without PostgreSQL; with it the door says what is hidden.

Kept for people who read their home; dropped when they hide a post or show it again, in the request and once more by a
handler. While it is not kept, nothing stands in for a home: what somebody hid does not come back by itself.
"""

import time
from collections.abc import Collection

from cachebox import TTLCache

from feeds.models import HiddenPost
from socialnet.kernel.cache import CachePolicy, State

POLICY = CachePolicy(
    name="hidden posts",
    template="hidden:{id}",
    ttl=24 * 3600,
    dropped_by="hiding a post, showing it again; erasure",
)
_looked_after: TTLCache[int, bool] = TTLCache(10_000, global_ttl=300)
_met: TTLCache[int, bool] = TTLCache(
    10_000, global_ttl=3600
)  # who had something hidden on a page of their home


def keep(user_id: int, *, look: bool = False) -> None:
    """See to it, every five minutes per process, that this reader's are kept; at once if told to `look`."""
    if user_id in _looked_after and not look:
        return
    state = POLICY.state(user_id)
    if state is State.MISSING:
        began = time.monotonic()
        POLICY.set_many({user_id: _load(user_id)}, read_since=began)
    elif state is State.KEPT:  # for some seconds after a change it cannot be: a later read tries again
        _looked_after[user_id] = True


def kept_of(user_id: int) -> Collection[int] | None:
    """Ids of posts; None when nobody knows, and then nothing may be shown."""
    kept = POLICY.get(user_id)
    return None if kept is None else frozenset(kept)


def note_met(user_id: int) -> None:
    """A page of this person's home had something to leave out."""
    _met[user_id] = True


def may_meet(user_id: int) -> bool:
    """Whether it may have again, as far as this process remembers."""
    return user_id in _met


def drop(user_id: int) -> None:
    """They hid something, or show it again, if Redis answers."""
    _looked_after.pop(user_id, None)
    POLICY.drop(user_id)


def surely_drop(*user_ids: int) -> None:
    """As `drop`; raises `RedisAway`, on which a handler is tried again."""
    for user_id in user_ids:
        _looked_after.pop(user_id, None)
    POLICY.surely_drop(*user_ids)


def forget_here() -> None:
    """Whom this process looked after, and what it remembers of homes."""
    _looked_after.clear()
    _met.clear()


def _load(user_id: int) -> list[int]:
    return list(HiddenPost.objects.filter(user=user_id).values_list("post_id", flat=True))
