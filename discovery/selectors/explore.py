"""Explore, as one person sees it: put in order once, read as a snapshot, through the door each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from accounts.models import FoundBy, Viewer
from discovery.explore import candidates, seen
from discovery.explore.candidates import Source
from discovery.explore.mixing import mixed
from feeds import hooks
from feeds.door import Facts, facts
from feeds.items import FeedItem, Reason, items, known_of
from feeds.models import Post
from socialnet.kernel import snapshots
from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import CursorExpired, RedisAway
from socialnet.kernel.pagination import PAGE_SIZE, Page
from socialnet.kernel.postgres import in_time
from socialnet.kernel.snapshots import Place

log = structlog.get_logger(__name__)
STATEMENT_MILLISECONDS = 500
FOUND, LAST, POPULAR = "found", "last", "popular"
LAST_FOUND = CachePolicy(
    name="explore",
    template="explore:{id}",
    ttl=24 * 3600,
    dropped_by="each first page computes it anew; it is read only when that fails",
)
REASONS = CachePolicy(
    name="explore reasons", template="explore_reasons:{id}", ttl=20 * 60, dropped_by="time", rebuilt=False
)
breaker = Breaker(
    "explore",
    failures=3,
    pause=10,
    counts=lambda error: isinstance(error, OperationalError | InterfaceError),
)
_BATCH = 60
Why = tuple[str, str]  # source and note


@dataclass(frozen=True)
class ExplorePage(Page[FeedItem]):
    """`origin` says where it comes from: found now, found last, or what is popular where neither can be had."""

    origin: str = FOUND


def explore_cursor(text: str | None, *, viewer: Viewer) -> Place | None:
    """Where `text` says that it goes on; raises `InvalidCursor` for any other cursor."""
    return Place.decode(text, scope=_scope(viewer)) if text else None


def _scope(viewer: Viewer) -> str:
    return f"explore:{_id_of(viewer) or 0}"


def _id_of(viewer: Viewer) -> int | None:
    return viewer.pk if viewer.is_authenticated else None


def explore_page(*, viewer: Viewer, cursor: Place | None = None, size: int = PAGE_SIZE) -> ExplorePage:
    """Posts for `viewer` to explore, each with a reason; what is shown does not come again for a while.

    Raises `CursorExpired` when the list of which this is a later page is not kept any longer.
    """
    if cursor is not None:
        return _later_page(viewer, cursor, size)
    origin, reasons = _put_together(_id_of(viewer))
    place = _keep(viewer, reasons)
    ids = list(reasons)
    return _read(viewer, ids, reasons, place, start=0, size=size, origin=origin, is_fresh=origin == FOUND)


def _later_page(viewer: Viewer, cursor: Place, size: int) -> ExplorePage:
    try:
        ids = snapshots.ids_of(cursor)
    except RedisAway as error:
        raise CursorExpired from error
    kept = REASONS.get(cursor.token.hex()) or {}
    reasons = {int(post_id): (why[0], why[1]) for post_id, why in kept.items()}
    return _read(viewer, ids, reasons, cursor, start=cursor.index, size=size, origin=FOUND)


def _put_together(user_id: int | None) -> tuple[str, dict[int, Why]]:
    """The list now, as it was last found, or what many like."""
    try:
        with breaker.calling(), in_time(STATEMENT_MILLISECONDS):
            found = candidates.find(user_id, seen=seen.of(user_id) if user_id else ())
    except (OperationalError, InterfaceError, Refused) as error:
        log.info("explore_not_found", reason=type(error).__name__)
    else:
        reasons: dict[int, Why] = {one.post_id: (one.source, one.note) for one in mixed(found)}
        LAST_FOUND.replace(user_id or 0, [[post_id, *why] for post_id, why in reasons.items()])
        return FOUND, reasons
    if last := LAST_FOUND.get(user_id or 0):
        return LAST, {post_id: (source, note) for post_id, source, note in last}
    return POPULAR, dict.fromkeys(hooks.popular(), (Source.POPULAR, ""))


def _keep(viewer: Viewer, reasons: Mapping[int, Why]) -> Place | None:
    """For the pages that follow; None while Redis is away: then there is only one."""
    try:
        place = snapshots.keep(list(reasons), scope=_scope(viewer))
    except RedisAway:
        return None
    REASONS.replace(place.token.hex(), {str(post_id): list(why) for post_id, why in reasons.items()})
    return place


def _read(
    viewer: Viewer,
    ids: Sequence[int],
    reasons: Mapping[int, Why],
    place: Place | None,
    *,
    start: int,
    size: int,
    origin: str,
    is_fresh: bool = False,
) -> ExplorePage:
    """A page of the list: what `viewer` may see of it, refilled until it is full.

    `is_fresh`: it was found this moment, so nobody on it was limited, or chose not to be found, since.
    """
    viewer_id = _id_of(viewer)
    shown: list[Facts] = []
    truth: dict[int, Facts] = {}
    while start < len(ids) and len(shown) <= size:
        batch = ids[start : start + _BATCH]
        asked = facts(viewer_id=viewer_id, post_ids=batch)
        truth |= asked
        gone = set() if is_fresh else _kept_away(batch)
        may_be = [asked[one] for one in batch if one in asked and one not in gone]
        shown += [one for one in may_be if one.visible and not one.muted and not one.is_hidden]
        start += _BATCH
    page, beyond = shown[:size], shown[size:]
    made = items(page, truth, known_of(page, truth), viewer_id=viewer_id)
    if viewer_id:
        seen.note(viewer_id, {item.id: Source(reasons[item.id][0]) for item in made if item.id in reasons})
    return ExplorePage(
        items=[replace(item, reason=_reason(*reasons.get(item.id, (Source.POPULAR, "")))) for item in made],
        next_cursor=place.at(ids.index(beyond[0].post_id)) if beyond and place else None,
        origin=origin,
    )


def _kept_away(post_ids: Sequence[int]) -> set[int]:
    """Of people whom moderators limited, or who do not want to be found."""
    posts = Post.objects.filter(pk__in=post_ids)
    gone = posts.exclude(author__limited_at=None, author__found_by=FoundBy.EVERYONE)
    return set(gone.values_list("pk", flat=True))


def _reason(source: str, note: str) -> Reason:
    match source:
        case Source.TAGS:
            return Reason(source, _("Because of #%(tag)s") % {"tag": note})
        case Source.ALIKE:
            return Reason(source, _("Liked by people who like what you like"))
        case Source.TRENDING:
            return Reason(source, _("Trending: %(why)s") % {"why": note})
    return Reason(Source.POPULAR, _("Many people like this"))
