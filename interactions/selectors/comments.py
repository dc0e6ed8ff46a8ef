"""Reads: threads and their branches, one comment in its place, what somebody commented."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from django.db import connection

from accounts.models import Follow, User, Viewer
from feeds.door import facts
from feeds.items import FeedItem, items_of
from feeds.models import ReplyPolicy
from feeds.text import mentioned_names
from interactions import threads
from interactions.models import Comment, ConversationMute
from interactions.threads import CommentItem
from socialnet.kernel import snapshots
from socialnet.kernel.errors import InvalidCursor, NotFound, RedisAway
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.kernel.snapshots import LONGEST, Place
from socialnet.outbox.ids import EPOCH, MAX_ID

SORTS = ("hot", "top", "new", "old")
HOT, TOP, NEW, OLD = SORTS
# Hot is `(likes + 2 · replies) / (age in hours + 2) ^ 1.5`; the age is in the id.
_RANKED = """
SELECT id FROM interactions_comment WHERE post_id = %(post)s AND parent_id IS NULL
ORDER BY {score} DESC, id DESC LIMIT %(most)s
"""
_SCORES = {
    HOT: """(likes + 2 * replies) / power(
        greatest(0, extract(epoch FROM statement_timestamp()) - %(epoch)s - (id >> 12) / 1000.0) / 3600 + 2, 1.5)""",
    TOP: "likes",
}


@dataclass(frozen=True)
class TopLevel(Page[CommentItem]):
    """`is_cut` says that this order ends here, though more was said: hot and top are the first 500."""

    is_cut: bool = False


def thread_cursor(text: str | None, *, post_id: int, sort: str) -> Cursor | Place | None:
    """Where `text` says that this order of a thread goes on; raises `InvalidCursor` for that of any other list."""
    if not text:
        return None
    if sort not in _SCORES:
        return Cursor.decode(text)
    with suppress(InvalidCursor):  # the order could not be kept: it is that of newest first
        return Cursor.decode(text, scope=_scope(post_id, sort))
    return Place.decode(text, scope=_scope(post_id, sort))


def _scope(post_id: int, sort: str) -> str:
    return f"{sort}:{post_id}"


def comments_of(
    *,
    post_id: int,
    viewer: Viewer,
    sort: str = HOT,
    cursor: Cursor | Place | None = None,
    size: int = PAGE_SIZE,
) -> Page[CommentItem]:
    """The top level of a thread, whose post `viewer` may see, with the first replies inside; one query a page.

    Hot and top are snapshots of 500: another query for their first page, and one for the last of so many (`TopLevel`).
    A page of one is shorter when some of it is gone since. Raises `CursorExpired` after 15 minutes. While Redis cannot
    keep the order they are newest first.
    """
    if isinstance(cursor, Place) or (cursor is None and sort in _SCORES):
        return _ranked_page(post_id, viewer, sort, cursor, size)
    place = cursor.before if cursor else None
    if sort == OLD:
        return _page(threads.oldest_first(post_id=post_id, viewer=viewer, after=place, most=size + 1), size)
    scope = _scope(post_id, sort) if sort in _SCORES else ""
    return _newest(post_id, viewer, place, size, scope=scope)


def _newest(
    post_id: int, viewer: Viewer, before: int | None, size: int, *, scope: str = ""
) -> Page[CommentItem]:
    found = threads.newest_first(post_id=post_id, viewer=viewer, before=before, most=size + 1)
    return _page(found, size, scope=scope)


def _page(found: Sequence[CommentItem], size: int, *, scope: str = "") -> Page[CommentItem]:
    items = found[:size]
    more = len(found) > size
    return Page(items=items, next_cursor=Cursor(before=items[-1].id, scope=scope) if more else None)


def _ranked_page(
    post_id: int, viewer: Viewer, sort: str, place: Place | None, size: int
) -> Page[CommentItem]:
    ids = snapshots.ids_of(place) if place else _ranked(post_id, sort)
    index = place.index if place else 0
    items: list[CommentItem] = []
    while index < len(ids) and not items:
        items = threads.with_answers(ids[index : index + size], viewer=viewer)
        index += size
    if index >= len(ids):
        return TopLevel(items=items, is_cut=_has_more_than(ids, post_id))
    try:
        kept = place or snapshots.keep(ids, scope=_scope(post_id, sort))
    except RedisAway:
        return _newest(post_id, viewer, None, size, scope=_scope(post_id, sort))
    return Page(items=items, next_cursor=kept.at(index))


def _has_more_than(ids: Sequence[int], post_id: int) -> bool:
    """Whether the top level is longer than an order that is as long as any can be."""
    if len(ids) < LONGEST:
        return False
    return Comment.objects.filter(post=post_id, parent=None)[LONGEST : LONGEST + 1].exists()


def _ranked(post_id: int, sort: str) -> list[int]:
    params = {"post": post_id, "most": LONGEST, "epoch": int(EPOCH.timestamp())}
    with connection.cursor() as cursor:
        cursor.execute(_RANKED.replace("{score}", _SCORES[sort]), params)
        return [row[0] for row in cursor.fetchall()]


def replies_of(
    *, comment_id: int, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[CommentItem]:
    """What answers a comment, the oldest first, for who may see its post. Raises `NotFound`."""
    get_comment_place(comment_id, viewer=viewer)
    after = cursor.before if cursor else None
    return _page(threads.answers_to(comment_id=comment_id, viewer=viewer, after=after, most=size + 1), size)


def get_comment_place(comment_id: int, *, viewer: Viewer) -> Comment:
    """A comment or tombstone under a post that `viewer` may see, else `NotFound`; its words are for the door still."""
    if not 0 < comment_id <= MAX_ID:
        raise NotFound
    comment = Comment.objects.filter(pk=comment_id).only("id", "post_id", "path").first()
    if comment is None or not _is_open(comment.post_id, viewer):
        raise NotFound
    return comment


def _is_open(post_id: int, viewer: Viewer) -> bool:
    """The door, asked as for a page: to put `visible_to` into another query takes ten times as long as to run it."""
    truth = facts(viewer_id=viewer.pk if viewer.is_authenticated else None, post_ids=[post_id])
    return post_id in truth and truth[post_id].visible


def get_visible_comment(comment_id: int, *, viewer: Viewer) -> Comment:
    """The comment, or `NotFound` when there is none or `viewer` may not see it: nobody can tell which."""
    if not 0 < comment_id <= MAX_ID:
        raise NotFound
    comment = Comment.objects.shown_to(viewer).filter(pk=comment_id).first()
    if comment is None or not _is_open(comment.post_id, viewer):
        raise NotFound
    return comment


def get_comment_item(comment_id: int, *, viewer: Viewer) -> CommentItem:
    """A comment with its first replies as `viewer` sees it; also a tombstone. Raises `NotFound`."""
    get_comment_place(comment_id, viewer=viewer)
    found = threads.with_answers([comment_id], viewer=viewer)
    if not found:
        raise NotFound
    return found[0]


@dataclass(frozen=True)
class Branch:
    """One comment in its place: what it answers from the top level down, itself, and a page of its replies."""

    ancestors: list[CommentItem]
    item: CommentItem
    replies: Page[CommentItem]

    @property
    def root(self) -> CommentItem:
        """The topmost of them, with the line down to the one, and its replies on that."""
        self.item.answers, self.item.goes_on = list(self.replies.items), self.replies.next_cursor
        line = [*self.ancestors, self.item]
        for above, below in pairwise(line):
            above.answers = [below]
        return line[0]


def branch_of(
    *, comment_id: int, post_id: int, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Branch:
    """The place of a comment under a post that `viewer` may see. Raises `NotFound` also for one of another post."""
    if not 0 < comment_id <= MAX_ID:
        raise NotFound
    comment = Comment.objects.filter(pk=comment_id, post=post_id).only("id", "path").first()
    if comment is None:
        raise NotFound
    found = threads.without_answers(comment.line, viewer=viewer)
    if not found or found[-1].id != comment_id:
        raise NotFound
    after = cursor.before if cursor else None
    answers = threads.answers_to(comment_id=comment_id, viewer=viewer, after=after, most=size + 1)
    return Branch(found[:-1], found[-1], _page(answers, size))


@dataclass(frozen=True)
class Said:
    """A comment and the post that it is about."""

    item: CommentItem
    post: FeedItem


def comments_by(
    *, author: User, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[Said]:
    """What `author` commented under posts that `viewer` may see, the newest first; three queries."""
    rows = Comment.objects.filter(author=author.pk).visible_to(viewer).before(cursor).order_by("-id")
    page: Page[Comment] = Page.of(rows.only("id", "post_id"), size=size)
    posts = {post.id: post for post in items_of({row.post_id for row in page.items}, viewer=viewer)}
    items = threads.without_answers([row.pk for row in page.items], viewer=viewer)
    said = [Said(item, posts[item.post_id]) for item in items if item.is_there and item.post_id in posts]
    return Page(items=said, next_cursor=page.next_cursor)


def may_comment(*, person: Viewer, author_id: int, policy: str, content: str) -> bool:
    """Whether the author of a post lets `person` comment on it, of all who may see it; at most one query."""
    if not person.is_authenticated:
        return False
    if person.pk == author_id or policy == ReplyPolicy.EVERYONE:
        return True
    if policy == ReplyPolicy.FOLLOWERS:
        return Follow.objects.active().filter(follower=person.pk, followee=author_id).exists()
    return person.username.lower() in mentioned_names(content)


def is_conversation_muted(*, post_id: int, person: Viewer) -> bool:
    return person.is_authenticated and ConversationMute.objects.filter(user=person.pk, post=post_id).exists()
