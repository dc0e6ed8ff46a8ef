"""The candidates of somebody's home, newest first and without end: warm timeline, stored timeline, lateral join.

Every seam is exact: each stage names a floor above which it lacks nothing, and the next goes on below. For people
who were away and whose stored timeline is not caught up, all of it is the lateral join, and nothing becomes warm.
So it is for everybody while deliveries to large audiences are put off: what waits completes the timelines later.
Beside the delivered, and merged with it by id, come the posts of pull sources, those with followed tags and those in
groups; the lateral join has them all.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence

from feeds import group_posts, shields, sources, stored, tagged, timelines
from feeds.filters import Place
from feeds.shields import Shield
from feeds.sources import PullSet
from feeds.stored import Entries
from feeds.timelines import Slice
from groups import cache as memberships
from socialnet.kernel import overload
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import dumps
from socialnet.outbox.ids import MAX_ID

WARM, STORED, CLOSEST, POPULAR = 1, 2, 3, 4  # how whole a home is: the tiers of the response headers
NO_SOURCES = PullSet({}, 0)


class Candidates:
    """A walk down one person's home. `tier` and `cache` say where it began, for the response headers.

    `away` turns true when it finds that nobody keeps the stored timeline up. `tagged` are the ids that came for tags
    or groups alone: no timeline has them.
    """

    def __init__(self, user_id: int, *, before: int | None) -> None:
        self.user_id = user_id
        self.before = before
        self.tier = WARM
        self.cache = "hit"
        self.away = False
        self.tagged: set[int] = set()
        self._stages = [self._warm, self._stored, self._followed]
        self._place = before
        self._pull = sources.everywhere()
        if overload.homes_come_from_sql():
            self.tier, self.cache = STORED, "miss"
            self._stages, self._pull = [self._followed], NO_SOURCES  # it finds their posts, too
        self._beside: bytes | None = None
        self._filters: bytes | None = None
        self._asked_for_filters = False
        self._tags: Sequence[str] = ()
        self._streams: list[_Stream] = []
        self._groups: Sequence[int] = ()
        self._unstored: list[_Stream] = []

    def next(self, count: int) -> list[int]:
        """The next ids, `count` unless the end is near; empty at the end."""
        if not self._streams:
            self._open(count)
        ids = self._streams[0].take(count) if len(self._streams) == 1 else self._merged(count)
        self.before = ids[-1] if ids else self.before
        return ids

    def shield(self) -> Shield:
        """What this person's filters leave of their home; once the walk has begun, mostly without asking anybody."""
        if self._asked_for_filters:
            return Shield(self.user_id, shields.of(self.user_id, Place.HOME, raw=self._filters))
        return Shield(self.user_id, shields.of_person(self.user_id, Place.HOME))

    def _open(self, count: int) -> None:
        """The delivered, which bring along what this person follows beside them."""
        delivered = _Stream(self._delivered)
        delivered.first(count)
        self._streams = [delivered]
        if self._pull.since and (followed := sources.followed_by(self.user_id, self._pull, raw=self._beside)):
            self._streams.append(_Stream(self._pulled(followed)))
        if self._tags:
            self._unstored.append(_Stream(self._with_tags(self._tags)))
        if self._groups:
            self._unstored.append(_Stream(self._in_groups(self._groups)))
        self._streams += self._unstored

    def _merged(self, count: int) -> list[int]:
        ids: list[int] = []
        while len(ids) < count:
            heads = [(head, stream) for stream in self._streams if (head := stream.first(count - len(ids)))]
            if not heads:
                break
            newest = max(head for head, _stream in heads)
            ids.append(newest)
            first = [stream for head, stream in heads if head == newest]
            if all(stream in self._unstored for stream in first):
                self.tagged.add(newest)
            for stream in first:
                stream.skip()
        return ids

    def _pulled(self, followed: list[int]) -> Callable[[int], list[int]]:
        return self._onward(
            lambda place, count: sources.posts_of(followed, self._pull, before=place, count=count)
        )

    def _with_tags(self, names: Sequence[str]) -> Callable[[int], list[int]]:
        return self._onward(lambda place, count: tagged.posts_with(names, before=place, count=count))

    def _in_groups(self, group_ids: Sequence[int]) -> Callable[[int], list[int]]:
        return self._onward(lambda place, count: group_posts.posts_in(group_ids, before=place, count=count))

    def _onward(self, read: Callable[[int | None, int], list[int]]) -> Callable[[int], list[int]]:
        """`read` again and again, each time from where it came to."""
        place = self.before

        def more(count: int) -> list[int]:
            nonlocal place
            ids = read(place, count)
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
            others = [
                tagged.key_of(self.user_id),
                memberships.key_of(self.user_id),
                shields.key_of(self.user_id),
            ]
            if self._pull.since:
                others.append(sources.key_of(self.user_id))
            part, beside = timelines.read_beside(self.user_id, others, before=self._place, count=count)
            self._filters = beside[2]
            self._asked_for_filters = True
            self._beside = beside[3] if self._pull.since else None
            if part is None:
                return self._rebuilt(count)
            self._tags = tagged.followed_by(self.user_id, raw=beside[0])
            self._groups = memberships.groups_of(self.user_id, raw=beside[1])
            return part
        except RedisAway:
            self.tier, self.cache = STORED, "miss"
            return Slice(ids=[], floor=MAX_ID)

    def _stored(self, count: int) -> Slice:
        part = stored.entries(self.user_id, before=self._place, count=count)
        self.away = self.away or not part.kept_up
        self._tags = self._tags or part.tags
        self._groups = self._groups or part.groups
        return Slice(part.ids, part.floor)

    def _followed(self, count: int) -> Slice:
        return Slice(stored.followed_posts(self.user_id, before=self._place, count=count), floor=0)

    def _rebuilt(self, count: int) -> Slice:
        self.cache = "rebuild"
        whole = rebuild(self.user_id)
        if whole is None:
            self.tier, self.cache, self.away = STORED, "miss", True
            return Slice(ids=[], floor=MAX_ID)
        self._tags, self._groups = whole.tags, whole.groups
        self._filters = dumps(whole.filters)
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
        if not self._ahead:
            self._read(wanted)
        return self._ahead[0] if self._ahead else None

    def take(self, count: int) -> list[int]:
        """The next `count` ids, which go; fewer at the end."""
        self._read(count - len(self._ahead))
        return [self._ahead.popleft() for _ in range(min(count, len(self._ahead)))]

    def skip(self) -> None:
        self._ahead.popleft()

    def _read(self, wanted: int) -> None:
        if wanted > 0 and not self._ended:
            more = self._more(wanted)
            self._ahead.extend(more)
            self._ended = len(more) < wanted


def rebuild(user_id: int) -> Entries | None:
    """Make a timeline warm from `FeedEntry`; None, and cold, while nobody keeps that up.

    The key goes up before PostgreSQL is read: a fan-out that commits in between finds it and pushes into it.
    """
    token, began = timelines.begin_rebuild(user_id), time.monotonic()
    whole = stored.entries(user_id, before=None, count=timelines.MAX_LENGTH)
    if not whole.kept_up:
        timelines.drop(user_id)
        return None
    if len(whole.ids) == timelines.MAX_LENGTH:
        whole = whole._replace(floor=whole.ids[-1] - 1)
    tagged.keep_followed(user_id, whole.tags, read_since=began)
    memberships.keep_groups_of(user_id, list(whole.groups), read_since=began)
    shields.keep(user_id, whole.filters or [], read_since=began)
    timelines.finish_rebuild(user_id, token=token, ids=whole.ids, floor=whole.floor)
    return whole
