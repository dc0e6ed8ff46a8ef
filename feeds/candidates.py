"""The candidates of somebody's home, newest first and without end: warm timeline, stored timeline, lateral join.

Every seam is exact: each stage names a floor above which it lacks nothing, and the next goes on below. For people
who were away and whose stored timeline is not caught up, all of it is the lateral join, and nothing becomes warm.
So it is for everybody while deliveries to large audiences are put off: what waits completes the timelines later.
"""

from collections import deque
from collections.abc import Callable

from feeds import sources, stored, timelines
from feeds.sources import PullSet
from feeds.timelines import Slice
from socialnet.kernel import overload
from socialnet.kernel.errors import RedisAway
from socialnet.outbox.ids import MAX_ID

WARM, STORED, CLOSEST, POPULAR = 1, 2, 3, 4  # how whole a home is: the tiers of the response headers
NO_SOURCES = PullSet({}, 0)


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
        self._place = before
        self._pull = sources.everywhere()
        if overload.homes_come_from_sql():
            self.tier, self.cache = STORED, "miss"
            self._stages, self._pull = [self._followed], NO_SOURCES  # it finds their posts, too
        self._beside: bytes | None = None
        self._streams: list[_Stream] | None = None

    def next(self, count: int) -> list[int]:
        """The next ids, `count` unless the end is near; empty at the end."""
        ids = self._merged(count) if self._pull.since else self._delivered(count)
        self.before = ids[-1] if ids else self.before
        return ids

    def _merged(self, count: int) -> list[int]:
        """The delivered, and between them what the pull sources say that this person follows."""
        if self._streams is None:
            delivered = _Stream(self._delivered)
            delivered.first(count)  # brings along whom they follow
            followed = sources.followed_by(self.user_id, self._pull, raw=self._beside)
            self._streams = [delivered, *([_Stream(self._pulled(followed))] if followed else [])]
        ids: list[int] = []
        while len(ids) < count:
            heads = [head for stream in self._streams if (head := stream.first(count - len(ids)))]
            if not heads:
                break
            ids.append(max(heads))
            for stream in self._streams:
                stream.skip(ids[-1])
        return ids

    def _pulled(self, followed: list[int]) -> Callable[[int], list[int]]:
        place = self.before

        def more(count: int) -> list[int]:
            nonlocal place
            ids = sources.posts_of(followed, self._pull, before=place, count=count)
            place = ids[-1] if ids else place
            return ids

        return more

    def _delivered(self, count: int) -> list[int]:
        ids: list[int] = []
        while self._stages and (missing := count - len(ids)) > 0:
            part = self._stages[0](missing)
            ids += part.ids
            self._place = ids[-1] if ids else self._place
            if len(part.ids) < missing:
                self._stages = self._stages[1:] if part.floor else []
        return ids

    def _warm(self, count: int) -> Slice:
        try:
            other = sources.key_of(self.user_id) if self._pull.since else None
            part, self._beside = timelines.read_beside(self.user_id, other, before=self._place, count=count)
            return part if part is not None else self._rebuilt(count)
        except RedisAway:
            self.tier, self.cache = STORED, "miss"
            return Slice(ids=[], floor=MAX_ID)

    def _stored(self, count: int) -> Slice:
        part = stored.entries(self.user_id, before=self._place, count=count)
        self.away = self.away or not part.kept_up
        return Slice(part.ids, part.floor)

    def _followed(self, count: int) -> Slice:
        return Slice(stored.followed_posts(self.user_id, before=self._place, count=count), floor=0)

    def _rebuilt(self, count: int) -> Slice:
        self.cache = "rebuild"
        whole = rebuild(self.user_id)
        if whole is None:
            self.tier, self.cache, self.away = STORED, "miss", True
            return Slice(ids=[], floor=MAX_ID)
        older = [post_id for post_id in whole.ids if self._place is None or post_id < self._place]
        return Slice(ids=older[:count], floor=whole.floor)


class _Stream:
    """Descending ids, read ahead: `more(count)` gives the next, fewer than `count` only at the end."""

    def __init__(self, more: Callable[[int], list[int]]) -> None:
        self._more = more
        self._ahead: deque[int] = deque()
        self._ended = False

    def first(self, wanted: int) -> int | None:
        """The next id, which stays; `wanted` is how many will be of use."""
        if not self._ahead and not self._ended:
            self._ahead.extend(self._more(wanted))
            self._ended = len(self._ahead) < wanted
        return self._ahead[0] if self._ahead else None

    def skip(self, post_id: int) -> None:
        if self._ahead and self._ahead[0] == post_id:
            self._ahead.popleft()


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
