"""Who was here last: a sorted set of people in Redis, scored by the second in which they read their home.

For warming only. A person is written down at most once a minute per process.
"""

import time

from cachebox import TTLCache

from accounts.models import Activity
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door

REMEMBERED = 500
POLICY = CachePolicy(
    name="active people",
    template="active:{id}",
    ttl=24 * 3600,
    dropped_by="time; reading home adds, only the latest stay",
    rebuilt=False,
)
_noted: TTLCache[int, bool] = TTLCache(100_000, global_ttl=60)


def note(user_id: int) -> None:
    """This person reads their home. Reading never fails for it, and costs nothing within a minute."""
    if user_id in _noted:
        return
    _noted[user_id] = True
    key = POLICY.key("people")
    try:
        with door() as client, client.pipeline(transaction=False) as pipe:
            pipe.zadd(key, {str(user_id): int(time.time())})
            pipe.zremrangebyrank(key, 0, -REMEMBERED - 1)
            pipe.expire(key, POLICY.ttl)
            pipe.execute()
    except RedisAway:
        return


def latest(most: int) -> list[int]:
    """Who was here last, the latest first; where Redis knows nobody, whoever PostgreSQL saw on the last day.

    Raises `RedisAway`.
    """
    since = int(time.time()) - POLICY.ttl
    with door() as client:
        members: list[bytes] = client.zrange(  # type: ignore[assignment]
            POLICY.key("people"), "+inf", since, desc=True, byscore=True, offset=0, num=most
        )
    if members:
        return [int(member) for member in members]
    seen = Activity.objects.filter(state=Activity.State.LIVE).order_by("-last_active_on")
    return list(seen.values_list("pk", flat=True)[:most])


def forget_here() -> None:
    """Whom this process wrote down a moment ago."""
    _noted.clear()
