"""Reads: home, profiles, single posts. What comes back has passed the door."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _

from accounts import standins
from accounts.cards import AuthorCard
from accounts.models import User, Viewer
from feeds import paused, stored, timelines
from feeds.candidates import WARM, Candidates
from feeds.cards import NO_COUNTS, Card, Counts, Hydrated, hydrate
from feeds.door import Facts, facts
from feeds.models import Post, PostQuerySet
from socialnet.kernel.errors import NotFound, RedisAway
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.kernel.postgres import is_away
from socialnet.outbox.ids import MAX_ID, time_of

HEAD_SIZE = 20
_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a post is part of somebody's home."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One post as one viewer sees it."""

    card: Card
    author: AuthorCard
    counts: Counts
    is_mine: bool = False
    reason: Reason | None = None

    @property
    def id(self) -> int:
        return self.card["id"]

    @property
    def content_html(self) -> str:
        return self.card["html"]

    @property
    def visibility(self) -> str:
        return self.card["visibility"]

    @property
    def language(self) -> str:
        return self.card["language"]

    @property
    def created_at(self) -> datetime:
        return time_of(self.id)

    @property
    def edited_at(self) -> datetime | None:
        edited = self.card["edited_at"]
        return datetime.fromisoformat(edited) if edited else None

    @property
    def url(self) -> str:
        return f"{self.author.url}/{self.id}"  # as the route "post" has it


@dataclass(frozen=True)
class HomePage(Page[FeedItem]):
    """A page of somebody's home; `tier` is 1 (Redis) or 2 (PostgreSQL), `cache` is hit, miss or rebuild."""

    tier: int = WARM
    cache: str = "hit"
    read_only: bool = False


def home_page(*, viewer: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> HomePage:
    """The posts that belong to `viewer`'s home, newest first; full until the feed ends.

    Without PostgreSQL what Redis has of it, marked `read_only`; raises `DatabaseAway` when that is nothing.
    """
    before = cursor.before if cursor else None
    try:
        page = _home_page(viewer, before, size)
    except (OperationalError, InterfaceError) as error:
        if not is_away(error):  # a slow statement, a deadlock
            raise
        return _paused_page(viewer, before, size)
    if cursor is None:
        standins.keep(viewer.pk)
    return page


def _home_page(viewer: User, before: int | None, size: int) -> HomePage:
    walk = Candidates(viewer.pk, before=before)
    kept, ended = _belonging(walk, viewer_id=viewer.pk, count=size + 1)
    shown = kept[:size]
    more = len(kept) > size or not ended
    last = shown[-1].post_id if len(kept) > size else walk.before
    known = hydrate({fact.post_id: fact.author_id for fact in shown})
    return HomePage(
        items=_items(known, shown, viewer),
        next_cursor=Cursor(before=last) if more and last else None,
        tier=walk.tier,
        cache=walk.cache,
    )


def _paused_page(viewer: User, before: int | None, size: int) -> HomePage:
    kept, known = paused.belonging(viewer.pk, before=before, count=size + 1)
    shown = kept[:size]
    cursor = Cursor(before=shown[-1].post_id) if len(kept) > size else None
    return HomePage(items=_items(known, shown, viewer), next_cursor=cursor, tier=WARM, read_only=True)


def head_of(*, viewer: User, size: int = HEAD_SIZE) -> list[int]:
    """The ids at the head of `viewer`'s home, newest first: what the pill compares with its page."""
    kept, _ended = _belonging(Candidates(viewer.pk, before=None), viewer_id=viewer.pk, count=size)
    return [fact.post_id for fact in kept[:size]]


def _belonging(walk: Candidates, *, viewer_id: int, count: int) -> tuple[list[Facts], bool]:
    """At least `count` posts of the walk that belong at home, fewer only if it ended or too much was turned away."""
    kept: list[Facts] = []
    batch = count
    for _round in range(_ROUNDS):
        ids = walk.next(batch)
        if not ids:
            return kept, True
        truth = facts(viewer_id=viewer_id, post_ids=ids)
        kept += [truth[post_id] for post_id in ids if post_id in truth and truth[post_id].at_home]
        _sweep(viewer_id, gone=[post_id for post_id in ids if post_id not in truth or truth[post_id].gone])
        _part(viewer_id, {fact.author_id for fact in truth.values() if not fact.belongs})
        if len(kept) >= count:
            return kept, False
        batch = min(200, batch * 2)
    return kept, False


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
    post = get_visible_post(post_id, viewer=viewer)
    items = _items_of([post], viewer)
    if not items:  # deleted this moment
        raise NotFound
    return items[0]


def profile_posts(
    *, author: User, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[FeedItem]:
    """What `viewer` may see of `author`'s posts, newest first."""
    return _page(Post.objects.by(author).visible_to(viewer), viewer=viewer, cursor=cursor, size=size)


def newest_public(*, size: int = PAGE_SIZE) -> Page[FeedItem]:
    """The newest posts that anybody may see, for the landing page."""
    visitor = AnonymousUser()
    return _page(
        Post.objects.filter(visibility="public").visible_to(visitor), viewer=visitor, cursor=None, size=size
    )


def _page(posts: PostQuerySet, *, viewer: Viewer, cursor: Cursor | None, size: int) -> Page[FeedItem]:
    rows = posts.before(cursor).order_by("-id").only("id", "author_id")
    page: Page[Post] = Page.of(rows, size=size)
    return Page(items=_items_of(page.items, viewer), next_cursor=page.next_cursor)


def _items_of(posts: Sequence[Post], viewer: Viewer) -> list[FeedItem]:
    """Items for posts that passed the door, in the given order; those deleted this moment are left out."""
    known, viewer_id = hydrate({post.pk: post.author_id for post in posts}), viewer.pk
    return [item for post in posts if (item := _item(known, post.pk, post.author_id, viewer_id))]


def _items(known: Hydrated, shown: Sequence[Facts], viewer: User) -> list[FeedItem]:
    """As `_items_of`, at home: each says why it is there."""
    own, followed = (
        Reason("you", str(_("You wrote this"))),
        Reason("followed", str(_("You follow this person"))),
    )
    viewer_id = viewer.pk  # asked once: `request.user` is a lazy object
    items = (
        _item(
            known, fact.post_id, fact.author_id, viewer_id, own if fact.author_id == viewer_id else followed
        )
        for fact in shown
    )
    return [item for item in items if item]


def _item(
    known: Hydrated, post_id: int, author_id: int, viewer_id: int | None, reason: Reason | None = None
) -> FeedItem | None:
    if post_id not in known.cards or author_id not in known.authors:
        return None
    return FeedItem(
        card=known.cards[post_id],
        author=known.authors[author_id],
        counts=known.counts.get(post_id, NO_COUNTS),
        is_mine=author_id == viewer_id,
        reason=reason,
    )
