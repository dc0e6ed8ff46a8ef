"""Cards: the viewer-independent JSON of posts, and their counts, as cached and served.

Names and pictures of authors are cached apart (`accounts.cards`), so that a new name touches one key.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from django.db.models import Q

from accounts.cards import AuthorCard, author_cards, author_key, decode_author_cards, near_author_cards
from feeds.models import LinkPreview, Media, Post, PostCounts
from groups.models import Group
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door
from socialnet.outbox.ids import time_of


class MediaCard(TypedDict):
    """A picture of a post; without `is_stored` its files are still on their way."""

    id: int
    width: int
    height: int
    small_width: int
    alt: str
    blurhash: str
    is_animated: bool
    is_stored: bool


class PreviewCard(TypedDict):
    """What the first link of a post leads to, where its redirects ended.

    `image` is the name of a picture of ours, or empty.
    """

    id: int
    url: str
    title: str
    description: str
    site_name: str
    image: str
    image_width: int
    image_height: int


class GroupCard(TypedDict):
    """The group in which a post is; its address in pages is as the route "group" has it."""

    slug: str
    name: str
    url: str


class Card(TypedDict):
    id: int
    author_id: int
    content: str
    html: str
    visibility: str
    group: GroupCard | None
    language: str
    reply_policy: str
    content_warning: str
    share_of_id: int | None
    via_id: int | None
    media: list[MediaCard]
    preview: PreviewCard | None
    is_held: bool
    created_at: str
    edited_at: str | None


class Counts(TypedDict):
    likes: int
    comments: int
    shares: int


CARD = CachePolicy(
    name="card",
    template="card:{id}",
    ttl=6 * 3600,
    version=5,
    dropped_by="delete, edit, hide, its pictures, its link preview",
)
COUNTS = CachePolicy(
    name="counts", template="counts:{id}", ttl=3600, dropped_by="delete; refreshed by the pulse"
)
NO_COUNTS: Counts = {"likes": 0, "comments": 0, "shares": 0}


@dataclass(frozen=True)
class Hydrated:
    """What the cache and, for the rest, PostgreSQL know of some posts and their authors, by id."""

    cards: dict[int, Card]
    counts: dict[int, Counts]
    authors: dict[int, AuthorCard]

    def joined(self, other: "Hydrated") -> "Hydrated":
        return Hydrated(self.cards | other.cards, self.counts | other.counts, self.authors | other.authors)


def is_share(card: Card) -> bool:
    """As `Post.is_share`."""
    return card["share_of_id"] is not None and not card["content"] and not card["media"]


def hydrate(authors_by_post: Mapping[int, int]) -> Hydrated:
    """Cards, counts and author cards of posts (id → author's id): one round trip when all are cached.

    Deleted and hidden posts have no card, but those that wait for moderators have one, for their authors; deleted
    people have no author card. Cards of posts have no L1: what was edited or deleted must not come back with the next
    page, whichever process makes it. Of many who miss at once each fills: that is one indexed query for what their page
    lacks.
    """
    post_ids, author_ids = list(authors_by_post), sorted(set(authors_by_post.values()))
    found = _cached(post_ids, author_ids)
    _fill(CARD, found.cards, post_ids, _card_rows)
    _fill(COUNTS, found.counts, post_ids, _count_rows)
    if missing := [user_id for user_id in author_ids if user_id not in found.authors]:
        found.authors.update(author_cards(missing))
    return found


def cached(post_ids: list[int]) -> Hydrated:
    """As `hydrate`, without PostgreSQL: what is not cached is not there, and neither is a post without its author."""
    first = _cached(post_ids, [])
    cards_there = {post_id: card for post_id, card in first.cards.items() if card is not None}
    counts_there = {post_id: counts for post_id, counts in first.counts.items() if counts is not None}
    authors = _cached([], sorted({card["author_id"] for card in cards_there.values()})).authors
    return Hydrated(cards_there, counts_there, authors)


def _cached(post_ids: list[int], author_ids: list[int]) -> Hydrated:
    near = near_author_cards(author_ids)
    far = [user_id for user_id in author_ids if user_id not in near]
    keys = [
        *(CARD.key(post_id) for post_id in post_ids),
        *(COUNTS.key(post_id) for post_id in post_ids),
        *(author_key(user_id) for user_id in far),
    ]
    try:
        with door() as client:
            raw = client.mget(keys) if keys else []
    except RedisAway:
        return Hydrated({}, {}, near)
    many = len(post_ids)
    return Hydrated(
        CARD.decode(post_ids, raw[:many]),
        COUNTS.decode(post_ids, raw[many : 2 * many]),
        near | decode_author_cards(far, raw[2 * many :]),
    )


def _fill(
    policy: CachePolicy,
    found: dict[int, Any],
    wanted: list[int],
    rows: Callable[[list[int]], Mapping[int, Any]],
) -> None:
    """Complete `found` from PostgreSQL, remember what was read, and drop what is known to be absent."""
    if missing := [ident for ident in wanted if ident not in found]:
        began = time.monotonic()
        filled = rows(missing)
        policy.set_many({ident: filled.get(ident) for ident in missing}, read_since=began)
        found.update(filled)
    for ident in [ident for ident, value in found.items() if value is None]:
        del found[ident]


def _card_rows(post_ids: list[int]) -> Mapping[int, Card]:
    there = Post.objects.filter(Q(hidden_at=None) | Q(held_at__isnull=False), deleted_at=None)
    posts = there.filter(pk__in=post_ids).select_related("preview", "group")
    pictures: dict[int, list[MediaCard]] = defaultdict(list)
    with_media = [post.pk for post in posts if post.with_media]
    if with_media:
        for media in Media.objects.filter(post__in=with_media).order_by("post", "position"):
            pictures[media.post_id].append(media_card(media))  # type: ignore[index]  # each is of one of these
    return {post.pk: card_of(post, pictures[post.pk]) for post in posts}


def group_card(group: Group) -> GroupCard:
    return {"slug": group.slug, "name": group.name, "url": group.get_absolute_url()}


def _count_rows(post_ids: list[int]) -> dict[int, Counts]:
    rows = PostCounts.objects.filter(pk__in=post_ids).values_list("pk", "likes", "comments", "shares")
    return {
        pk: {"likes": likes, "comments": comments, "shares": shares} for pk, likes, comments, shares in rows
    }


def counts_now(post_id: int) -> Counts:
    """As PostgreSQL has them: in the transaction that changed them the cache is older."""
    return _count_rows([post_id]).get(post_id, NO_COUNTS)


def counts_of(post_ids: Iterable[int]) -> dict[int, Counts]:
    """As `counts_now`, of several posts in one query; who is not there has none."""
    wanted = list(post_ids)
    return _count_rows(wanted) if wanted else {}


def media_card(media: Media) -> MediaCard:
    return {
        "id": media.pk,
        "width": media.width,
        "height": media.height,
        "small_width": media.small_width,
        "alt": media.alt,
        "blurhash": media.blurhash,
        "is_animated": media.is_animated,
        "is_stored": media.is_stored,
    }


def preview_card(preview: LinkPreview | None) -> PreviewCard | None:
    if preview is None or preview.state != LinkPreview.State.READY:
        return None
    return {
        "id": preview.pk,
        "url": preview.leads_to or preview.url,
        "title": preview.title,
        "description": preview.description,
        "site_name": preview.site_name,
        "image": preview.image_name,
        "image_width": preview.image_width,
        "image_height": preview.image_height,
    }


def card_of(post: Post, media: list[MediaCard]) -> Card:
    return {
        "id": post.pk,
        "author_id": post.author_id,
        "content": post.content,
        "html": post.html,
        "visibility": post.visibility,
        "group": group_card(post.group) if post.group_id and post.group else None,
        "language": post.language,
        "reply_policy": post.reply_policy,
        "content_warning": post.content_warning,
        "share_of_id": post.share_of_id,
        "via_id": post.via_id,
        "media": media,
        "preview": preview_card(post.preview),
        "is_held": post.held_at is not None,
        "created_at": time_of(post.pk).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "edited_at": post.edited_at.isoformat() if post.edited_at else None,
    }


def drop(*post_ids: int) -> None:
    """Forget cards that changed or are gone, if Redis answers."""
    CARD.drop(*post_ids)
    COUNTS.drop(*post_ids)


def surely_drop(*post_ids: int) -> None:
    """As `drop`; raises `RedisAway`, on which a handler is tried again."""
    CARD.surely_drop(*post_ids)
    COUNTS.surely_drop(*post_ids)


def drop_counts(*post_ids: int) -> None:
    """Forget counts that changed, if Redis answers."""
    COUNTS.drop(*post_ids)


def renew_counts(post_ids: Collection[int]) -> dict[int, Counts]:
    """Read counts from PostgreSQL and keep them in place of what is cached; returns them. Raises `RedisAway`.

    Whoever calls this sees to it that an older reading is never kept after a newer one.
    """
    counts = _count_rows(list(post_ids))
    COUNTS.surely_replace(counts)
    return counts
