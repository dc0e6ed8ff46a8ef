"""The page of a tag beside its newest posts: its head, its best posts, who writes with it, and whose home it comes to.

Which posts are the best is the same for all viewers: the newest public ones in the order of `ranking`, put together now
and then and read as a snapshot. What each viewer may see of them is asked of the door, each time.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import ngettext

from accounts.cards import AuthorCard, author_cards
from accounts.models import User, Viewer
from accounts.selectors import hiding_from, relations_of
from feeds.door import Facts, facts
from feeds.items import FeedItem, items, known_of
from feeds.models import Hashtag, Post, TagFollow
from feeds.ranking import Candidate, ranked
from socialnet.kernel import snapshots
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.kernel.snapshots import Place

CANDIDATES = 300
WRITERS_MOST = 30
_LARGEST_BATCH = 200
RANKED = CachePolicy(
    name="top of a tag",
    template="top_tagged:{id}",
    ttl=60,
    dropped_by="time; who may see them is asked each time",
)
_CANDIDATES = """
SELECT p.id, p.author_id, coalesce(c.likes, 0), coalesce(c.comments, 0), coalesce(c.shares, 0)
FROM (
    SELECT p.id, p.author_id FROM feeds_posthashtag t CROSS JOIN LATERAL (
        SELECT id, author_id FROM feeds_post
        WHERE id = t.post_id AND deleted_at IS NULL AND hidden_at IS NULL AND visibility = 'public' OFFSET 0
    ) p
    WHERE t.hashtag_id = (SELECT id FROM feeds_hashtag WHERE name = %(name)s)
    ORDER BY t.post_id DESC LIMIT %(most)s
) p LEFT JOIN feeds_postcounts c ON c.post_id = p.id
"""


@dataclass(frozen=True, kw_only=True)
class TagCard:
    """A tag as one viewer sees it; `name` is its one normal form, `post_count` what every visitor may see."""

    name: str
    display: str
    post_count: int = 0
    is_followed: bool = False

    @property
    def url(self) -> str:
        return f"/tags/{quote(self.name)}"  # as the route "tag" has it


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Somebody who wrote with a tag lately, in the shape that `accounts/_person.html` shows."""

    user: AuthorCard
    relation: str
    posts: int

    @property
    def note(self) -> str:
        return ngettext("%(posts)d post lately", "%(posts)d posts lately", self.posts) % {"posts": self.posts}


def tag_card(name: str, *, viewer: Viewer) -> TagCard:
    """The tag with this name, in normal form; whether anybody uses it tells nothing.

    It is displayed as it was first written if everybody, or `viewer`, may see a post with it, else in its normal form:
    so nobody learns from it of posts that are not for them.
    """
    found = _cards(Hashtag.objects.filter(name=name), viewer)
    return found[0] if found else TagCard(name=name, display=name)


def followed_tags(person: User) -> list[TagCard]:
    """All tags that `person` follows, by name."""
    cards = _cards(Hashtag.objects.filter(follows__user=person.pk), person)
    return sorted(cards, key=lambda card: card.name)


def followed_tags_page(person: User, *, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[TagCard]:
    """The same page by page, the tag that is the newest here first."""
    follows = TagFollow.objects.filter(user=person.pk).order_by("-hashtag_id")
    if cursor:
        follows = follows.filter(hashtag__lt=cursor.before)
    rows: Page[TagFollow] = Page.of(follows, size=size, key=lambda row: row.hashtag_id)
    ids = [row.hashtag_id for row in rows.items]
    cards = _cards(Hashtag.objects.filter(pk__in=ids).order_by("-pk"), person)
    return Page(items=cards, next_cursor=rows.next_cursor)


def _cards(tags: QuerySet[Hashtag], viewer: Viewer) -> list[TagCard]:
    follows = TagFollow.objects.filter(
        user=viewer.pk if viewer.is_authenticated else None, hashtag=OuterRef("pk")
    )
    rows = list(
        tags.annotate(is_followed=Exists(follows)).values_list(
            "pk", "name", "display", "counts__posts", "is_followed"
        )
    )
    unsure = [pk for pk, name, display, posts, _is_followed in rows if not posts and display != name]
    seen = _seen(unsure, viewer)
    return [
        TagCard(
            name=name,
            display=display if posts or pk in seen else name,
            post_count=posts or 0,
            is_followed=is_followed,
        )
        for pk, name, display, posts, is_followed in rows
    ]


def _seen(tag_ids: Collection[int], viewer: Viewer) -> set[int]:
    """Those of the tags of which `viewer` may see a post."""
    if not tag_ids:
        return set()
    posts = Post.objects.filter(tags__hashtag=OuterRef("pk")).visible_to(viewer)
    return set(Hashtag.objects.filter(Exists(posts), pk__in=tag_ids).values_list("pk", flat=True))


def top_cursor(text: str | None, *, name: str) -> Place | None:
    """Where `text` says that the best posts with a tag go on; raises `InvalidCursor` for any other cursor."""
    return Place.decode(text, scope=_scope(name)) if text else None


def top_tagged(
    *, name: str, viewer: Viewer, cursor: Place | None = None, size: int = PAGE_SIZE
) -> Page[FeedItem]:
    """The newest `CANDIDATES` public posts with the tag in the order of `ranking`, as far as `viewer` may see them.

    In the order of the moment when it was put together; raises `CursorExpired` when that is not kept any longer. While
    Redis is away, the first page is all there is.
    """
    if cursor is None:
        kept = _ranking(name)
        ids, place = kept["ids"], Place(bytes.fromhex(kept["token"]), 0, _scope(name))
    else:
        ids, place = snapshots.ids_of(cursor), cursor
    viewer_id = viewer.pk if viewer.is_authenticated else None
    shown: list[Facts] = []
    truth: dict[int, Facts] = {}
    index, batch = place.index, size + 1
    while index < len(ids) and len(shown) <= size:
        part = ids[index : index + batch]
        asked = facts(viewer_id=viewer_id, post_ids=part)
        truth |= asked
        seen = [asked[post_id] for post_id in part if post_id in asked and asked[post_id].visible]
        shown += [fact for fact in seen if not fact.is_hidden]
        index, batch = index + batch, min(_LARGEST_BATCH, batch * 2)
    page = shown[:size]
    goes_on = len(shown) > size and bool(place.token)
    return Page(
        items=items(page, truth, known_of(page, truth), viewer_id=viewer_id),
        next_cursor=place.at(ids.index(shown[size].post_id)) if goes_on else None,
    )


def writers_with(*, name: str, viewer: Viewer) -> list[Writer]:
    """Who wrote most of the newest `CANDIDATES` public posts with the tag, as far as `viewer` may see them and find who
    wrote them: at most `WRITERS_MOST` people; of two who wrote as many, first the one who wrote last."""
    ids = sorted(_ranking(name)["ids"], reverse=True)
    viewer_id = viewer.pk if viewer.is_authenticated else None
    truth = facts(viewer_id=viewer_id, post_ids=ids)
    many = Counter(truth[post_id].author_id for post_id in ids if post_id in truth and truth[post_id].visible)
    hiding = hiding_from(viewer, many)
    ordered = sorted(many.items(), key=itemgetter(1), reverse=True)
    most = [author_id for author_id, _posts in ordered if author_id not in hiding][:WRITERS_MOST]
    cards, relations = author_cards(most), relations_of(viewer, most)
    return [
        Writer(user=cards[author_id], relation=relations[author_id].state, posts=many[author_id])
        for author_id in most
        if author_id in cards
    ]


def _scope(name: str) -> str:
    return f"top of a tag:{name}"


def _ranking(name: str) -> dict[str, Any]:
    """The ids in their order, and the token of the snapshot that keeps them; empty where none could be kept."""
    kept: dict[str, Any] = RANKED.fetch(name, lambda: _rank(name))
    return kept or {"ids": [], "token": ""}


def _rank(name: str) -> dict[str, Any] | None:
    """None for a tag without posts: it is remembered as absent for a moment only, for anybody may ask for any tag."""
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, {"name": name, "most": CANDIDATES})
        rows: Sequence[tuple[int, int, int, int, int]] = cursor.fetchall()
    if not rows:
        return None
    ids = [
        one.post_id
        for one in ranked(
            Candidate(post_id=post_id, author_id=author_id, likes=likes, comments=comments, shares=shares)
            for post_id, author_id, likes, comments, shares in rows
        )
    ]
    token = ""
    with suppress(RedisAway):
        token = snapshots.keep(ids, scope=_scope(name)).token.hex()
    return {"ids": ids, "token": token}
