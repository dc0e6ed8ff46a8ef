"""A person's home: whole, and what stands in for it while it cannot be."""

from contextlib import suppress
from dataclasses import dataclass, replace

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from prometheus_client import Counter

from accounts import standins
from accounts.models import User
from feeds import hooks, idle, insights, paused, shields, stored, timelines
from feeds.candidates import CLOSEST, POPULAR, STORED, WARM, Candidates
from feeds.door import Facts, facts
from feeds.filters import Place as Where
from feeds.items import FeedItem, Group, Reason, grouped, home_items, items
from feeds.shields import Shield
from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.errors import DatabaseAway, RedisAway
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.kernel.postgres import in_time, is_away, is_slow

HEAD_SIZE = 20
_ROUNDS = 12


# One that takes too long is not tried by everybody who asks: they get something less whole, and one probes.
breaker = Breaker("home", failures=3, pause=10, counts=is_slow)
closest_breaker = Breaker("home, closest people", failures=3, pause=10, counts=is_slow)
_reads = Counter(
    "socialnet_home_reads", "Pages of homes by the tier they came from, and cache", ["tier", "cache"]
)


@dataclass(frozen=True)
class FeedPage(Page[FeedItem]):
    """A page of somebody's home, in whatever order; `cache` is hit, miss or rebuild.

    `tier` is 1 (from Redis) or 2 (from PostgreSQL), and all of it is there; 3 (only the newest of the closest people)
    or 4 (instead of it, what many like). `is_judged`: PostgreSQL said who may see what; else the stricter door did.
    `read_only`: it is away, and nothing can be written. `hidden`: how many posts the reader's own filters kept away.
    """

    tier: int = WARM
    cache: str = "hit"
    is_judged: bool = True
    read_only: bool = False
    mode: str = "latest"
    hidden: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it says all that belongs there, as far as PostgreSQL knows."""
        return self.is_judged and self.tier <= STORED


@dataclass(frozen=True)
class HomePage(FeedPage):
    """Newest first. `is_beginning`: nothing of others belongs here yet, `hooks.first_posts` stands in."""

    next_cursor: Cursor | None = None
    is_beginning: bool = False


def home_page(
    *,
    viewer: User,
    cursor: Cursor | None = None,
    size: int = PAGE_SIZE,
    is_visit: bool = True,
    refresh: bool = False,
) -> HomePage:
    """The posts that belong to `viewer`'s home, newest first; full until the feed ends.

    Where PostgreSQL takes too long or is away: the best that can be had, by its `tier`; raises `DatabaseAway` when
    that is nothing. A visit is noted, and ends an absence; whoever only compares makes none. `refresh` asks PostgreSQL
    past the warm timeline; more often than every `timelines.REFRESH_SECONDS` it changes nothing.
    """
    before = cursor.before if cursor else None
    try:
        if refresh and before is None:
            _make_cold(viewer.pk)
        with breaker.calling():
            page = _home_page(viewer, before, size, is_visit)
    except (OperationalError, InterfaceError, Refused) as error:
        page = _lesser_page(viewer, before, size, error)
    else:
        if before is None:
            standins.keep(viewer.pk, look=page.cache == "rebuild")
    _reads.labels(page.tier, page.cache).inc()
    if is_visit:
        insights.note_home(viewer.pk, page.items, hidden=page.hidden)
    return page


def _home_page(viewer: User, before: int | None, size: int, is_visit: bool) -> HomePage:
    viewer_id = viewer.pk  # asked once: `request.user` is a lazy object
    walk = Candidates(viewer_id, before=before)
    found = _belonging(walk, viewer_id=viewer_id, most=size, is_shielded=is_visit)
    known = found.shield.known_of(_members(found.groups), found.truth)
    if is_visit:
        (idle.welcome if walk.away else idle.note_visit)(viewer_id)
    shown = home_items(found.groups, found.truth, known, viewer_id=viewer_id)
    shown = found.shield.marked(shown)
    hidden = sum(found.next_before is None or ident >= found.next_before for ident in found.shield.hidden)
    first: list[FeedItem] = []
    has_all = found.next_before is None and not hidden and not found.shield.by_hand
    is_empty = has_all and all(item.is_mine for item in shown)
    if is_visit and before is None and is_empty:
        first = _first_posts(viewer_id, size=size - len(shown), shield=found.shield)
    return HomePage(
        items=shown + first,
        next_cursor=Cursor(before=found.next_before) if found.next_before else None,
        tier=walk.tier,
        cache=walk.cache,
        is_beginning=bool(first),
        hidden=hidden,
    )


def _first_posts(viewer_id: int, *, size: int, shield: Shield) -> list[FeedItem]:
    """What stands in while nothing of others belongs to a home; each says honestly why it is there."""
    reasons = {ident: Reason(kind, label) for ident, kind, label in hooks.first_posts(viewer_id)}
    truth = facts(viewer_id=viewer_id, post_ids=list(reasons))
    there = (truth[ident] for ident in reasons if ident in truth)
    seen = [fact for fact in there if fact.visible and not fact.muted and fact.author_id != viewer_id]
    shown = shield.passed(seen, truth)[: max(0, size)]
    made = items(shown, truth, shield.known_of(shown, truth), viewer_id=viewer_id)
    return [replace(item, reason=reasons[item.id]) for item in shield.marked(made)]


def _make_cold(user_id: int) -> None:
    """Let the next read rebuild the timeline; not while PostgreSQL is away, when nothing could."""
    with suppress(RedisAway):
        if timelines.may_refresh(user_id):
            stored.floor_of(user_id)  # raises if it is
            timelines.drop(user_id)


def _lesser_page(viewer: User, before: int | None, size: int, error: Exception) -> HomePage:
    """What can be had of a home after `error`: what is at hand of it, of the closest people, or what many like."""
    is_late = isinstance(error, Refused) or is_slow(error)
    if not is_late and not is_away(error):  # a deadlock, say
        raise error
    with suppress(DatabaseAway):
        return _kept_page(viewer, before, size, read_only=not is_late)
    if before is not None:  # the rest of a list cannot be another list
        raise DatabaseAway from error
    if is_late:
        with suppress(OperationalError, InterfaceError, Refused), closest_breaker.calling():
            return _closest_page(viewer, size)
    return _popular_page(viewer, size, read_only=not is_late)


def _closest_page(viewer: User, size: int) -> HomePage:
    viewer_id = viewer.pk
    close = hooks.affinity(viewer_id)
    closest = sorted(close, key=close.__getitem__, reverse=True)
    ids = stored.closest_posts(viewer_id, closest=closest, count=2 * size)
    with in_time(stored.CLOSEST_MILLISECONDS):
        truth = facts(viewer_id=viewer_id, post_ids=ids)
    at_home = [truth[post_id] for post_id in ids if post_id in truth and truth[post_id].at_home]
    shield = Shield(viewer_id, shields.of_person(viewer_id, Where.HOME))
    groups, _beyond = grouped(shield.passed(at_home, truth), most=size)
    known = shield.known_of(_members(groups), truth)
    shown = shield.marked(home_items(groups, truth, known, viewer_id=viewer_id))
    return HomePage(items=shown, tier=CLOSEST, cache="miss", hidden=len(shield.hidden))


def _kept_page(viewer: User, before: int | None, size: int, *, read_only: bool) -> HomePage:
    kept = paused.home(viewer.pk, before=before)
    shield = Shield(viewer.pk, shields.kept_of(viewer.pk, Where.HOME))
    groups, beyond = grouped(shield.passed(kept.shown, kept.truth, kept.known), most=size)
    shield.look_at(_members(groups), kept.truth, kept.known)
    return HomePage(
        items=shield.marked(home_items(groups, kept.truth, kept.known, viewer_id=viewer.pk)),
        next_cursor=Cursor(before=beyond.post_id + 1) if beyond else None,
        is_judged=False,
        read_only=read_only,
    )


def _popular_page(viewer: User, size: int, *, read_only: bool) -> HomePage:
    kept = paused.popular(viewer.pk)
    shield = Shield(viewer.pk, shields.kept_of(viewer.pk, Where.HOME))
    passed = shield.passed(kept.shown, kept.truth, kept.known)[:size]
    shield.look_at(passed, kept.truth, kept.known)
    shown = shield.marked(items(passed, kept.truth, kept.known, viewer_id=viewer.pk))
    reason = Reason("popular", _("Many people like this"))
    return HomePage(
        items=[replace(item, reason=reason) for item in shown],
        tier=POPULAR,
        cache="miss",
        is_judged=False,
        read_only=read_only,
    )


def head_of(*, viewer: User, size: int = HEAD_SIZE) -> list[int]:
    """The ids at the head of `viewer`'s home, newest first: what the pill compares with its page."""
    walk = Candidates(viewer.pk, before=None)
    found = _belonging(walk, viewer_id=viewer.pk, most=size)
    if walk.away:
        idle.welcome(viewer.pk)
    return [group.first.post_id for group in found.groups]


@dataclass(frozen=True)
class _Found:
    """The groups of one page, all facts asked on the way, what filters left of it, and below which id the next page
    begins, if there is one."""

    groups: list[Group]
    truth: dict[int, Facts]
    shield: Shield
    next_before: int | None


def _belonging(walk: Candidates, *, viewer_id: int, most: int, is_shielded: bool = True) -> _Found:
    """What belongs at home, down the walk until the page is full; less only if it ended or too much was turned away.

    Not `is_shielded`, it is all there, whatever its reader filters or hid.
    """
    kept: list[Facts] = []
    truth: dict[int, Facts] = {}
    shield: Shield | None = None
    batch = most + 1 + (shields.SPARE if shields.may_hide(viewer_id) else 0)
    for _round in range(_ROUNDS):
        ids = walk.next(batch)
        shield = shield or (walk.shield() if is_shielded else Shield(viewer_id, shields.NONE, is_open=True))
        asked = facts(viewer_id=viewer_id, post_ids=ids)
        truth |= asked
        at_home = [asked[post_id] for post_id in ids if post_id in asked and asked[post_id].at_home]
        kept += shield.passed(at_home, truth)
        if shield.by_hand:
            shields.note_by_hand(viewer_id)
        kept_here = [post_id for post_id in ids if post_id not in walk.tagged]
        _sweep(
            viewer_id, gone=[post_id for post_id in kept_here if post_id not in asked or asked[post_id].gone]
        )
        _part(
            viewer_id,
            {
                asked[post_id].author_id
                for post_id in kept_here
                if post_id in asked and not asked[post_id].belongs
            },
        )
        groups, beyond = grouped(kept, most=most)
        if beyond:
            return _Found(groups, truth, shield, beyond.post_id + 1)
        if not ids:
            return _Found(groups, truth, shield, None)
        batch = min(200, batch * 2)
    assert shield is not None  # there is a first round
    return _Found(groups, truth, shield, walk.before)


def _members(groups: list[Group]) -> list[Facts]:
    return [fact for group in groups for fact in (group.first, *group.others)]


def _sweep(user_id: int, *, gone: list[int]) -> None:
    """Deleted posts leave a timeline when its owner meets them."""
    if not gone:
        return
    stored.remove(user_id, gone)
    with suppress(RedisAway):
        timelines.remove(user_id, gone)


def _part(user_id: int, strangers: set[int]) -> None:
    """Posts of people no longer followed leave too: their fan-out overlapped with the end of the follow.

    The timeline is dropped, not corrected: a follow that begins at this moment must not lose its backfill.
    """
    for author_id in strangers:
        stored.clear(user_id, author_id=author_id)
    if strangers:
        with suppress(RedisAway):
            timelines.drop(user_id)
