"""Relations that stand in for PostgreSQL while it is away: whom a person follows, who follows back, blocks, mutes; and
what apps above keep beside them (`hooks.standins`).

Kept for people who read their home; dropped by every act between two people, in the request and again by a handler.
What is not kept counts as "not visible".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cachebox import TTLCache
from django.db import connection

from accounts import hooks
from socialnet.kernel.cache import CachePolicy, State

POLICY = CachePolicy(
    name="relations",
    template="relations:{id}",
    ttl=24 * 3600,
    version=2,
    dropped_by="follow, block, mute, privacy, hiding a post",
)
_looked_after: TTLCache[int, bool] = TTLCache(10_000, global_ttl=300)

_RELATIONS = """
SELECT 'follows', followee_id FROM accounts_follow WHERE follower_id = %(viewer)s AND status = 'active'
UNION ALL
SELECT 'followed_back', b.follower_id FROM accounts_follow f
JOIN accounts_follow b ON b.follower_id = f.followee_id AND b.followee_id = f.follower_id AND b.status = 'active'
WHERE f.follower_id = %(viewer)s AND f.status = 'active'
UNION ALL SELECT 'blocked', blocked_id FROM accounts_block WHERE blocker_id = %(viewer)s
UNION ALL SELECT 'blocked', blocker_id FROM accounts_block WHERE blocked_id = %(viewer)s
UNION ALL SELECT 'muted', muted_id FROM accounts_mute WHERE muter_id = %(viewer)s
    AND (until IS NULL OR until > clock_timestamp())
"""


@dataclass(frozen=True)
class Standins:
    """Ids of people, as they were when last read; `beside` has what apps above keep, by its name."""

    follows: frozenset[int]
    followed_back: frozenset[int]
    blocked: frozenset[int]
    muted: frozenset[int]
    beside: Mapping[str, frozenset[int]] = field(default_factory=dict)


def keep(viewer_id: int, *, look: bool = False) -> None:
    """See to it, every five minutes per process, that the relations of this reader are kept; at once if told to
    `look`, as when Redis seems to have lost something."""
    if viewer_id in _looked_after and not look:
        return
    state = POLICY.state(viewer_id)
    if state is State.MISSING:
        POLICY.set_many({viewer_id: _load(viewer_id)})
    elif state is State.KEPT:  # for some seconds after a change it cannot be: a later read tries again
        _looked_after[viewer_id] = True


def forget(*user_ids: int) -> None:
    """Something between these people changed; raises `RedisAway`."""
    for user_id in user_ids:
        _looked_after.pop(user_id, None)
    POLICY.surely_drop(*user_ids)


def read(viewer_id: int) -> Standins | None:
    """What was kept; None when nothing is, and then nothing may be shown."""
    kept = POLICY.get(viewer_id)
    if not kept:
        return None
    found = {name: frozenset(ids) for name, ids in kept.items()}
    beside = {name: found.pop(name) for name in hooks.standins}
    return Standins(**found, beside=beside)


def _load(viewer_id: int) -> dict[str, Any]:
    found: dict[str, list[int]] = {"follows": [], "followed_back": [], "blocked": [], "muted": []}
    found |= {name: [] for name in hooks.standins}
    beside = [f"UNION ALL SELECT '{name}', * FROM ({ids}) {name}" for name, ids in hooks.standins.items()]
    with connection.cursor() as cursor:
        cursor.execute(" ".join([_RELATIONS, *beside]), {"viewer": viewer_id})
        for name, ident in cursor.fetchall():
            found[name].append(ident)
    return found
