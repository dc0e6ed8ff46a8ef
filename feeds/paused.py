"""Home without PostgreSQL's word, while it is away or takes too long: from Redis alone, through a stricter door.

What is not cached is left out, and who may see what is judged by relations that were kept; in doubt nobody may.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accounts import standins
from accounts.cards import AuthorCard
from accounts.standins import Standins
from feeds import hooks, sources, tagged, timelines
from feeds.cards import Card, Hydrated, cached, is_share
from feeds.door import Audience, Facts, as_shared
from feeds.text import tag_name, tags_in
from socialnet.kernel.errors import DatabaseAway, RedisAway

_BATCH = 120


@dataclass(frozen=True)
class Kept:
    """Posts that may be shown, newest or best first, all facts of them and beside them, and what is cached."""

    shown: list[Facts]
    truth: dict[int, Facts]
    known: Hydrated


def facts_without_database(
    card: Card,
    author: AuthorCard | None,
    *,
    viewer_id: int,
    kept: Standins,
    tags: Collection[str] = (),
) -> Facts:
    """The door's rule from what was kept in Redis; `tags` are the names of those that the viewer follows."""
    author_id, audience = card["author_id"], card["visibility"]
    is_own, follows = author_id == viewer_id, author_id in kept.follows
    allowed = (
        (audience == Audience.PUBLIC and author is not None and not author.is_private)
        or (audience in (Audience.PUBLIC, Audience.FOLLOWERS) and follows)
        or (audience == Audience.FRIENDS and follows and author_id in kept.followed_back)
    )
    standing = author is not None and not author.suspended and author_id not in kept.blocked
    tag = None if is_own or follows else _tag_of(card, tags)
    return Facts(
        post_id=card["id"],
        author_id=author_id,
        visible=is_own or (standing and allowed and not card["is_held"]),
        belongs=is_own or follows or tag is not None,
        muted=author_id in kept.muted,
        gone=False,
        share_of_id=card["share_of_id"],
        via_id=card["via_id"],
        is_share=is_share(card),
        tag=tag,
        marks=frozenset({"is_hidden"} if card["id"] in kept.beside.get("hidden_posts", ()) else ()),
    )


def _tag_of(card: Card, tags: Collection[str]) -> str | None:
    """The first of `tags` that the post carries, as it writes it."""
    written = tags_in(card["content"]) if tags else []
    return next((one for one in written if tag_name(one) in tags), None)


def home(viewer_id: int, *, before: int | None) -> Kept:
    """What is warm of a home, and what is kept of the authors and tags merged into it; raises `DatabaseAway` when
    nothing is."""
    try:
        part = timelines.read(viewer_id, before=before, count=_BATCH)
    except RedisAway as error:
        raise DatabaseAway from error
    kept = standins.read(viewer_id)
    if part is None or kept is None:
        raise DatabaseAway
    tags = tagged.kept_followed(viewer_id)
    beside = [*sources.kept_posts(kept.follows), *tagged.kept_posts(tags)]
    merged = [ident for ident in beside if before is None or ident < before]
    lowest = part.ids[-1] if len(part.ids) == _BATCH else 0
    ids = sorted({*part.ids, *(ident for ident in merged if ident > lowest)}, reverse=True)
    judged = _judged(ids, viewer_id=viewer_id, kept=kept, tags=tags)
    return Kept([fact for fact in judged.shown if fact.at_home], judged.truth, judged.known)


def popular(viewer_id: int) -> Kept:
    """What many like, as last computed; raises `DatabaseAway` when nothing of it is kept, or not who may see it."""
    kept = standins.read(viewer_id)
    if kept is None:
        raise DatabaseAway
    judged = _judged(hooks.popular(), viewer_id=viewer_id, kept=kept)
    shown = [fact for fact in judged.shown if fact.visible and not fact.muted]
    if not shown:
        raise DatabaseAway
    return Kept(shown, judged.truth, judged.known)


def _judged(ids: Sequence[int], *, viewer_id: int, kept: Standins, tags: Collection[str] = ()) -> Kept:
    known = _cached_with_shared(ids)
    truth = {
        post_id: facts_without_database(
            card, known.authors.get(card["author_id"]), viewer_id=viewer_id, kept=kept, tags=tags
        )
        for post_id, card in known.cards.items()
    }
    for fact in [fact for fact in truth.values() if fact.is_share]:
        truth[fact.post_id] = as_shared(fact, truth.get(fact.original_id))
    return Kept([truth[post_id] for post_id in ids if post_id in truth], truth, known)


def _cached_with_shared(ids: Collection[int]) -> Hydrated:
    """Also of what is shared or quoted, and of what a shared quote quotes."""
    known = cached(list(ids))
    for _level in range(2):
        beside = {
            ident for card in known.cards.values() for ident in (card["share_of_id"], card["via_id"]) if ident
        }
        known = known.joined(cached([ident for ident in beside if ident not in known.cards]))
    return known
