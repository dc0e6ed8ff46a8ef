"""The candidates of somebody's home, newest first and without end: warm timeline, stored timeline, lateral join.

Every seam is exact: each stage names a floor above which it lacks nothing, and the next goes on below. For people
who were away and whose stored timeline is not caught up, all of it is the lateral join, and nothing becomes warm.
"""

from feeds import stored, timelines
from feeds.timelines import Slice
from socialnet.kernel.errors import RedisAway
from socialnet.outbox.ids import MAX_ID

WARM, STORED = 1, 2


class Candidates:
    """A walk down one person's home. `tier` and `cache` say where it began, for the response headers.

    `away` turns true when it finds that nobody keeps the stored timeline up.
    """

    def __init__(self, user_id: int, *, before: int | None) -> None:
        self.user_id = user_id
        self.before = before
        self.tier = WARM
        self.cache = "hit"
        self.away = False
        self._stages = [self._warm, self._stored, self._followed]

    def next(self, count: int) -> list[int]:
        """The next ids, `count` unless the end is near; empty at the end."""
        ids: list[int] = []
        while self._stages and (missing := count - len(ids)) > 0:
            part = self._stages[0](missing)
            ids += part.ids
            self.before = ids[-1] if ids else self.before
            if len(part.ids) < missing:
                self._stages = self._stages[1:] if part.floor else []
        return ids

    def _warm(self, count: int) -> Slice:
        try:
            part = timelines.read(self.user_id, before=self.before, count=count)
            return part if part is not None else self._rebuilt(count)
        except RedisAway:
            self.tier, self.cache = STORED, "miss"
            return Slice(ids=[], floor=MAX_ID)

    def _stored(self, count: int) -> Slice:
        part = stored.entries(self.user_id, before=self.before, count=count)
        self.away = self.away or not part.kept_up
        return Slice(part.ids, part.floor)

    def _followed(self, count: int) -> Slice:
        return Slice(stored.followed_posts(self.user_id, before=self.before, count=count), floor=0)

    def _rebuilt(self, count: int) -> Slice:
        self.cache = "rebuild"
        whole = rebuild(self.user_id)
        if whole is None:
            self.tier, self.cache, self.away = STORED, "miss", True
            return Slice(ids=[], floor=MAX_ID)
        older = [post_id for post_id in whole.ids if self.before is None or post_id < self.before]
        return Slice(ids=older[:count], floor=whole.floor)


def rebuild(user_id: int) -> Slice | None:
    """Make a timeline warm from `FeedEntry`; None, and cold, while nobody keeps that up.

    The key goes up before PostgreSQL is read: a fan-out that commits in between finds it and pushes into it.
    """
    token = timelines.begin_rebuild(user_id)
    ids, floor, kept_up = stored.entries(user_id, before=None, count=timelines.MAX_LENGTH)
    if not kept_up:
        timelines.drop(user_id)
        return None
    if len(ids) == timelines.MAX_LENGTH:
        floor = ids[-1] - 1
    timelines.finish_rebuild(user_id, token=token, ids=ids, floor=floor)
    return Slice(ids=ids, floor=floor)
