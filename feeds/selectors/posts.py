"""Single posts, and lists of them: of a person, with a tag, in a group, for visitors."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.cards import AuthorCard, author_cards
from accounts.models import FoundBy, User, Viewer
from feeds import insights, newest
from feeds.door import Facts, facts
from feeds.items import FeedItem, items, items_of, known_of
from feeds.models import (
    IS_SHARE,
    PINS_MOST,
    Hashtag,
    Media,
    Pin,
    Post,
    PostQuerySet,
)
from feeds.newest import Newest
from groups.selectors import SeenGroup, check_readable
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.outbox.ids import MAX_ID


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
        found = Post.objects.by(author).visible_to(viewer).wanted_by(viewer)
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
    return _wanted(items_of(list(ids), viewer=viewer))


def profile_media(
    *, author: User, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[FeedItem]:
    """The posts with pictures among them."""
    posts = Post.objects.by(author).filter(with_media=True).visible_to(viewer).wanted_by(viewer)
    return _page(posts, viewer=viewer, cursor=cursor, size=size)


def tagged_posts(
    *, name: str, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[FeedItem]:
    """What `viewer` may see of the posts that carry the tag, newest first. `name` is in normal form."""

    def posts() -> PostQuerySet:
        tag = Subquery(Hashtag.objects.filter(name=name).values("pk"))  # one value: its key gives the order
        return Post.objects.filter(tags__hashtag=tag).visible_to(viewer).wanted_by(viewer)

    known = newest.of_tag(name, may_fill=cursor is None)
    return _listed(known, posts, viewer=viewer, cursor=cursor, size=size)


@dataclass(frozen=True, kw_only=True)
class GroupPage(Page[FeedItem]):
    """What is said in a group, newest first, without what is `pinned` above it."""

    pinned: Sequence[FeedItem] = ()


def group_posts(
    *, seen: SeenGroup, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> GroupPage:
    """What `viewer` may see of what is said in a group; its beginning has with it what stands first, the latest pin
    before the others. One statement where the newest are kept. Raises as `check_readable` does.
    """
    check_readable(seen)

    def posts() -> PostQuerySet:
        found = Post.objects.filter(group=seen.group, group_pin=None)
        return found.visible_to(viewer).wanted_by(viewer)

    known = newest.of_group(seen.group.pk, may_fill=cursor is None)
    pins: list[int] = [] if cursor else seen.facts["pinned"]
    if known is None or _top(cursor) <= known.floor:
        page = _page(posts(), viewer=viewer, cursor=cursor, size=size)
        pinned = _wanted(items_of(pins, viewer=viewer)) if pins else []
        return GroupPage(items=page.items, next_cursor=page.next_cursor, pinned=pinned)
    mark = "is_pinned_in_group"
    return _below(pins, known, posts, viewer=viewer, cursor=cursor, size=size, without_mark=mark)


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


def _wanted(found: Iterable[FeedItem]) -> list[FeedItem]:
    """Without what the viewer hid from themselves."""
    return [item for item in found if not item.is_hidden]


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
    if known is None or _top(cursor) <= known.floor:
        return _page(posts(), viewer=viewer, cursor=cursor, size=size)
    return _below((), known, posts, viewer=viewer, cursor=cursor, size=size, without_mark=without_mark)


def _below(
    above: Sequence[int],
    known: Newest,
    posts: Callable[[], PostQuerySet],
    *,
    viewer: Viewer,
    cursor: Cursor | None,
    size: int,
    without_mark: str | None,
) -> GroupPage:
    """As `_listed`, where something is known; what stands `above` the list is asked of in the same statement."""
    viewer_id = viewer.pk if viewer.is_authenticated else None
    shown: list[Facts] = []
    truth: dict[int, Facts] = {}
    for ids in _batches(known, posts, above=above, before=_top(cursor), size=size):
        asked = facts(viewer_id=viewer_id, post_ids=ids)
        truth |= asked
        passed = (asked[post_id] for post_id in ids if post_id in asked and asked[post_id].visible)
        passed = (fact for fact in passed if fact.post_id not in above and not fact.is_hidden)
        shown += [fact for fact in passed if without_mark not in fact.marks]
        if len(shown) > size:
            break
    first = [truth[post_id] for post_id in above if post_id in truth]
    first = [fact for fact in first if fact.visible and not fact.is_hidden]
    page = shown[:size]
    made = items([*first, *page], truth, known_of([*first, *page], truth), viewer_id=viewer_id)
    below = [item for item in made if item.id not in above]
    insights.note_shown(below, viewer_id=viewer_id)
    return GroupPage(
        items=below,
        next_cursor=Cursor(before=page[-1].post_id) if len(shown) > size else None,
        pinned=[item for item in made if item.id in above],
    )


def _top(cursor: Cursor | None) -> int:
    return cursor.before if cursor else MAX_ID + 1


def _batches(
    known: Newest, posts: Callable[[], PostQuerySet], *, above: Sequence[int], before: int, size: int
) -> Iterator[list[int]]:
    """The ids below `before`: one page of the known ones, where some may be pinned, and what stands `above` them; then
    the rest of them, then SQL."""
    ids = [post_id for post_id in known.ids if post_id < before]
    first = size + 1 + PINS_MOST
    begin = list(dict.fromkeys([*above, *ids[:first]]))
    yield from (part for part in (begin, ids[first:]) if part)
    below = known.floor
    while below:
        rows = list(posts().filter(pk__lt=below).order_by("-id").values_list("pk", flat=True)[: size + 1])
        yield rows
        below = rows[-1] if len(rows) > size else 0
