"""Which groups a person is in, as Redis keeps it beside their timeline: who is in none pays for nothing else."""

import time

from groups.models import Membership
from socialnet.kernel.cache import CachePolicy

BUCKETS = 64  # as timelines have them: one round trip reads both
_GROUPS = CachePolicy(
    name="groups of a person",
    template="groups_of:{id}",
    ttl=24 * 3600,
    dropped_by="joining and leaving a group, its end",
)


def _place(user_id: int) -> str:
    return f"{{b{user_id % BUCKETS}}}:{user_id}"


def key_of(user_id: int) -> str:
    """Where in Redis it stands which groups this person is in."""
    return _GROUPS.key(_place(user_id))


def groups_of(user_id: int, *, raw: bytes | None) -> list[int]:
    """The ids of the groups that this person is a member of; `raw` is what was found at `key_of`."""
    kept: list[int] | None = _GROUPS.decode([user_id], [raw]).get(user_id)
    if kept is not None:
        return kept
    began = time.monotonic()
    ids = list(Membership.objects.active().filter(user=user_id).values_list("group_id", flat=True))
    keep_groups_of(user_id, ids, read_since=began)
    return ids


def keep_groups_of(user_id: int, ids: list[int], *, read_since: float) -> None:
    """Keep what was read, by the monotonic clock, since `read_since`; a drop in between stands."""
    _GROUPS.set_many({_place(user_id): ids}, read_since=read_since)


def forget_groups_of(*user_ids: int) -> None:
    """These people are in other groups than before, if Redis answers."""
    _GROUPS.drop(*map(_place, user_ids))


def surely_forget_groups_of(*user_ids: int) -> None:
    """As `forget_groups_of`; raises `RedisAway`, on which a handler is tried again."""
    _GROUPS.surely_drop(*map(_place, user_ids))
