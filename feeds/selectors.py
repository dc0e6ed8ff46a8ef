"""Reads: home, profiles, single posts. What comes back has passed the door."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _
from prometheus_client import Counter

from accounts import standins
from accounts.cards import AuthorCard, author_cards
from accounts.models import FoundBy, User, Viewer
from feeds import hooks, idle, insights, newest, paused, shields, stored, timelines
from feeds.candidates import CLOSEST, POPULAR, STORED, WARM, Candidates
from feeds.door import Facts, facts
from feeds.filters import Place as Where
from feeds.history import Version, changes_between
from feeds.items import FeedItem, Group, Reason, grouped, home_items, items, items_of, known_of
from feeds.models import (
    IS_SHARE,
    PINS_MOST,
    Draft,
    DraftQuerySet,
    GroupPin,
    Hashtag,
    KeywordFilter,
    Media,
    Pin,
    Post,
    PostQuerySet,
    PostRevision,
)
from feeds.newest import Newest
from feeds.shields import Shield
from groups.models import Membership
from groups.selectors import SeenGroup, check_readable
from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.errors import DatabaseAway, NotFound, RedisAway
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.kernel.postgres import in_time, is_away, is_slow
from socialnet.outbox.ids import MAX_ID

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
    is_empty = found.next_before is None and not hidden and all(item.is_mine for item in shown)
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

    Not `is_shielded`, it is all there, whatever its reader's filters say.
    """
    kept: list[Facts] = []
    truth: dict[int, Facts] = {}
    shield: Shield | None = None
    batch = most + 1 + (shields.SPARE if shields.may_hide(viewer_id) else 0)
    for _round in range(_ROUNDS):
        ids = walk.next(batch)
        shield = shield or (walk.shield() if is_shielded else Shield(viewer_id, shields.NONE))
        asked = facts(viewer_id=viewer_id, post_ids=ids)
        truth |= asked
        at_home = [asked[post_id] for post_id in ids if post_id in asked and asked[post_id].at_home]
        kept += shield.passed(at_home, truth)
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


def get_visible_post(post_id: int, *, viewer: Viewer) -> Post:
    """The post, or `NotFound` when there is none or `viewer` may not see it: nobody can tell which."""
    if not 0 < post_id <= MAX_ID:
        raise NotFound
    post = Post.objects.visible_to(viewer).select_related("author").filter(pk=post_id).first()
    if post is None:
        raise NotFound
    return post


def get_visible_item(post_id: int, *, viewer: Viewer) -> FeedItem:
    """The post as `viewer` sees it; raises `NotFound` as `get_visible_post` does."""
    found = items_of([post_id], viewer=viewer) if 0 < post_id <= MAX_ID else []
    if not found:
        raise NotFound
    return found[0]


def get_visible_original(post_id: int, *, viewer: Viewer) -> Facts:
    """What is read when the post is shown: of a share what it shares, else itself. Raises as `get_visible_post` does.

    For what people do very often: a tenth of the cost of `get_visible_post`, most of which is making its statement.
    """
    viewer_id = viewer.pk if viewer.is_authenticated else None
    truth = facts(viewer_id=viewer_id, post_ids=[post_id]) if 0 < post_id <= MAX_ID else {}
    fact = truth.get(post_id)
    if fact is None or not fact.visible:
        raise NotFound
    return truth[fact.original_id]


def profile_posts(
    *,
    author: User,
    viewer: Viewer,
    cursor: Cursor | None = None,
    size: int = PAGE_SIZE,
    with_pinned: bool = False,
) -> Page[FeedItem]:
    """What `viewer` may see of `author`'s posts, newest first; by default without what stands pinned above them."""

    def posts() -> PostQuerySet:
        found = Post.objects.by(author).visible_to(viewer)
        return found if with_pinned else found.filter(pin=None)

    known = newest.of_person(author.pk, may_fill=cursor is None)
    return _listed(
        known,
        posts,
        viewer=viewer,
        cursor=cursor,
        size=size,
        without_mark=None if with_pinned else "is_pinned",
    )


def pinned_posts(*, author: User, viewer: Viewer) -> list[FeedItem]:
    """What stands first on `author`'s profile, as far as `viewer` may see it, in the author's order."""
    ids = Pin.objects.filter(user=author).order_by("position").values_list("post_id", flat=True)
    return items_of(list(ids), viewer=viewer)


def profile_media(
    *, author: User, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[FeedItem]:
    """The posts with pictures among them."""
    posts = Post.objects.by(author).filter(with_media=True).visible_to(viewer)
    return _page(posts, viewer=viewer, cursor=cursor, size=size)


def tagged_posts(
    *, name: str, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[FeedItem]:
    """What `viewer` may see of the posts that carry the tag, newest first. `name` is in normal form."""

    def posts() -> PostQuerySet:
        tag = Subquery(Hashtag.objects.filter(name=name).values("pk"))  # one value: its key gives the order
        return Post.objects.filter(tags__hashtag=tag).visible_to(viewer)

    known = newest.of_tag(name, may_fill=cursor is None)
    return _listed(known, posts, viewer=viewer, cursor=cursor, size=size)


def group_posts(
    *, seen: SeenGroup, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[FeedItem]:
    """What is said in a group, newest first, without what stands pinned above. Raises as `check_readable` does."""
    check_readable(seen)

    def posts() -> PostQuerySet:
        return Post.objects.filter(group=seen.group, group_pin=None).visible_to(viewer)

    known = newest.of_group(seen.group.pk, may_fill=cursor is None)
    return _listed(known, posts, viewer=viewer, cursor=cursor, size=size, without_mark="is_pinned_in_group")


def pinned_in_group(*, seen: SeenGroup, viewer: Viewer) -> list[FeedItem]:
    """What stands first in a group, as far as `viewer` may see it. Raises as `check_readable` does."""
    check_readable(seen)
    pins = GroupPin.objects.filter(group=seen.group).order_by("-pinned_at", "-pk")
    return items_of(list(pins.values_list("post_id", flat=True)), viewer=viewer)


def sharers_of(
    *, post: Post, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[AuthorCard]:
    """Who shared `post`, the latest first, as far as `viewer` may see their shares."""
    shares = Post.objects.filter(share_of=post.pk).shares().visible_to(viewer)
    rows: Page[Post] = Page.of(shares.before(cursor).order_by("-id").only("id", "author_id"), size=size)
    people = author_cards(share.author_id for share in rows.items)
    there = [people[share.author_id] for share in rows.items if share.author_id in people]
    return Page(items=there, next_cursor=rows.next_cursor)


def get_visible_media(media_id: int, *, viewer: Viewer) -> Media:
    """A picture of a post that `viewer` may see, or an own one; otherwise `NotFound`."""
    if not 0 < media_id <= MAX_ID:
        raise NotFound
    door = Q(Exists(Post.objects.filter(pk=OuterRef("post_id")).visible_to(viewer)))
    if viewer.is_authenticated:
        door |= Q(post=None, owner=viewer.pk)
    media = Media.objects.filter(door, pk=media_id).first()
    if media is None:
        raise NotFound
    return media


def newest_public(*, size: int = PAGE_SIZE) -> Page[FeedItem]:
    """The newest posts that anybody may see, of whom anybody may find, for the landing page; shares say nothing new."""
    visitor = AnonymousUser()
    posts = Post.objects.filter(~IS_SHARE, visibility="public", author__found_by=FoundBy.EVERYONE)
    posts = posts.visible_to(visitor)
    return _page(posts, viewer=visitor, cursor=None, size=size)


def _page(posts: PostQuerySet, *, viewer: Viewer, cursor: Cursor | None, size: int) -> Page[FeedItem]:
    rows = posts.before(cursor).order_by("-id").only("id")
    page: Page[Post] = Page.of(rows, size=size)
    found = items_of([post.pk for post in page.items], viewer=viewer)
    insights.note_shown(found, viewer_id=viewer.pk)
    return Page(items=found, next_cursor=page.next_cursor)


def _listed(
    known: Newest | None,
    posts: Callable[[], PostQuerySet],
    *,
    viewer: Viewer,
    cursor: Cursor | None,
    size: int,
    without_mark: str | None = None,
) -> Page[FeedItem]:
    """As `_page`, from the ids that are known as far as they reach: what `viewer` may see of them is all that is asked.

    `posts` makes the list itself, which costs more than asking the facts; below the known ids the page goes on with it.
    Full until the list ends.
    """
    before = cursor.before if cursor else MAX_ID + 1
    if known is None or before <= known.floor:
        return _page(posts(), viewer=viewer, cursor=cursor, size=size)
    viewer_id = viewer.pk if viewer.is_authenticated else None
    shown: list[Facts] = []
    truth: dict[int, Facts] = {}
    for ids in _batches(known, posts, before=before, size=size):
        asked = facts(viewer_id=viewer_id, post_ids=ids)
        truth |= asked
        passed = (asked[post_id] for post_id in ids if post_id in asked and asked[post_id].visible)
        shown += [fact for fact in passed if without_mark not in fact.marks]
        if len(shown) > size:
            break
    page = shown[:size]
    made = items(page, truth, known_of(page, truth), viewer_id=viewer_id)
    insights.note_shown(made, viewer_id=viewer_id)
    return Page(
        items=made,
        next_cursor=Cursor(before=page[-1].post_id) if len(shown) > size else None,
    )


def _batches(
    known: Newest, posts: Callable[[], PostQuerySet], *, before: int, size: int
) -> Iterator[list[int]]:
    """The ids below `before`: one page of the known ones, where some may be pinned, then the rest of them, then SQL."""
    ids = [post_id for post_id in known.ids if post_id < before]
    first = size + 1 + PINS_MOST
    yield from (part for part in (ids[:first], ids[first:]) if part)
    below = known.floor
    while below:
        rows = list(posts().filter(pk__lt=below).order_by("-id").values_list("pk", flat=True)[: size + 1])
        yield rows
        below = rows[-1] if len(rows) > size else 0


def history_of(*, post: Post, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[Version]:
    """What `post` said, the newest first; for whoever may see the post. Raises `NotFound` for a share.

    Each version was written when the one before it was replaced.
    """
    if post.is_share:
        raise NotFound
    earlier = PostRevision.objects.filter(post=post.pk).select_related("post").order_by("-id")
    if cursor:
        earlier = earlier.filter(pk__lt=cursor.before)
    rows = list(earlier[: size + 1])
    texts: list[Post | PostRevision] = [*rows]
    if cursor is None:
        texts.insert(0, rows[0].post if rows else post)  # of the same moment as the rows
    befores = [*(rows if cursor is None else rows[1:]), None]
    pairs = list(zip(texts, befores, strict=True))[:size]
    versions = [_version(text, before, post) for text, before in pairs]
    more = len(texts) > size
    return Page(items=versions, next_cursor=Cursor(before=texts[size].pk + 1) if more else None)


def _version(text: Post | PostRevision, before: PostRevision | None, post: Post) -> Version:
    old, old_warning = (
        (before.content, before.content_warning) if before else (text.content, text.content_warning)
    )
    return Version(
        content=text.content,
        content_warning=text.content_warning,
        written_at=before.replaced_at if before else post.created_at,
        changes=changes_between(old, text.content),
        warning_changes=changes_between(old_warning, text.content_warning),
    )


def draft_for(author: User, draft_id: int) -> Draft:
    """The author's draft of that id, with its pictures; raises `NotFound` when they have none."""
    found = _drafts(author).filter(pk=draft_id).first() if 0 < draft_id <= MAX_ID else None
    if found is None:
        raise NotFound
    return found


def latest_draft(author: User) -> Draft | None:
    """The newest that waits for no time of its own: the one to go on with."""
    return Draft.objects.of(author).filter(scheduled_for=None).order_by("-pk").first()


def drafts_of(
    *, author: User, scheduled: bool | None = None, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[Draft]:
    """What `author` has not said yet, newest first; only what has a time, or has none, if `scheduled` says so."""
    drafts = _drafts(author).order_by("-pk")
    if scheduled is not None:
        drafts = drafts.filter(scheduled_for__isnull=not scheduled)
    return Page.of(drafts.filter(pk__lt=cursor.before) if cursor else drafts, size=size)


def scheduled_of(*, author: User) -> list[Draft]:
    """All that wait for their time, the next first."""
    return list(_drafts(author).exclude(scheduled_for=None).order_by("scheduled_for", "pk"))


def quotes_of(drafts: Iterable[Draft], *, viewer: User) -> dict[int, FeedItem]:
    """What `drafts` quote, as far as `viewer` may see it, by id."""
    ids = {draft.share_of_id for draft in drafts if draft.share_of_id is not None}
    return {item.id: item for item in items_of(ids, viewer=viewer)} if ids else {}


def _drafts(author: User) -> DraftQuerySet:
    """With pictures and groups; `is_in_group` says whether their author may still post there."""
    mine = Membership.objects.active().filter(user=author.pk, group=OuterRef("group"), group__deleted_at=None)
    drafts = Draft.objects.of(author).select_related("group").annotate(is_in_group=Exists(mine))
    return drafts.prefetch_related("media")


def pictures_of(post: Post) -> list[Media]:
    """In their order."""
    return list(Media.objects.filter(post=post.pk).order_by("position"))


def own_pictures(media_ids: Sequence[int], *, owner: User) -> list[Media]:
    """Those of `media_ids` that `owner` uploaded, in the given order."""
    found = Media.objects.filter(owner=owner.pk).in_bulk(list(media_ids))
    return [found[media_id] for media_id in dict.fromkeys(media_ids) if media_id in found]


def filters_of(*, person: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[KeywordFilter]:
    """What `person` does not want to read, the newest first, also what has ended."""
    rows = KeywordFilter.objects.of(person).order_by("-pk")
    return Page.of(rows.filter(pk__lt=cursor.before) if cursor else rows, size=size)


def filter_for(person: User, filter_id: int) -> KeywordFilter:
    """Their filter of that id; raises `NotFound`."""
    found = KeywordFilter.objects.of(person).filter(pk=filter_id).first() if filter_id <= MAX_ID else None
    if found is None:
        raise NotFound
    return found
