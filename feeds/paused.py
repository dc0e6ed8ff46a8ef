"""Home while PostgreSQL is away: read-only, from Redis alone, through a stricter door.

What is not cached is left out, and who may see what is judged by relations that were kept; in doubt nobody may.
"""

from accounts import standins
from accounts.cards import AuthorCard
from accounts.standins import Standins
from feeds import timelines
from feeds.cards import Card, Hydrated, cached, is_share
from feeds.door import Audience, Facts, as_shared
from socialnet.kernel.errors import DatabaseAway, RedisAway

_BATCH = 120


def facts_without_database(card: Card, author: AuthorCard | None, *, viewer_id: int, kept: Standins) -> Facts:
    """The door's rule from what was kept in Redis."""
    author_id, audience = card["author_id"], card["visibility"]
    is_own, follows = author_id == viewer_id, author_id in kept.follows
    allowed = (
        (audience == Audience.PUBLIC and author is not None and not author.is_private)
        or (audience in (Audience.PUBLIC, Audience.FOLLOWERS) and follows)
        or (audience == Audience.FRIENDS and follows and author_id in kept.followed_back)
    )
    standing = author is not None and not author.suspended and author_id not in kept.blocked
    return Facts(
        post_id=card["id"],
        author_id=author_id,
        visible=is_own or (standing and allowed),
        belongs=is_own or follows,
        muted=author_id in kept.muted,
        gone=False,
        share_of_id=card["share_of_id"],
        via_id=card["via_id"],
        is_share=is_share(card),
    )


def belonging(viewer_id: int, *, before: int | None) -> tuple[list[Facts], dict[int, Facts], Hydrated]:
    """Posts of the warm timeline that may be shown, all facts of them and beside them, and what is cached.

    Raises `DatabaseAway` when too little was kept to show anything.
    """
    try:
        part = timelines.read(viewer_id, before=before, count=_BATCH)
    except RedisAway as error:
        raise DatabaseAway from error
    kept = standins.read(viewer_id)
    if part is None or kept is None:
        raise DatabaseAway
    known = cached(part.ids)
    for _level in range(2):  # what is shared or quoted, and what a shared quote quotes
        beside = {
            ident for card in known.cards.values() for ident in (card["share_of_id"], card["via_id"]) if ident
        }
        known = known.joined(cached([ident for ident in beside if ident not in known.cards]))
    truth = {
        post_id: facts_without_database(
            card, known.authors.get(card["author_id"]), viewer_id=viewer_id, kept=kept
        )
        for post_id, card in known.cards.items()
    }
    for fact in [fact for fact in truth.values() if fact.is_share]:
        truth[fact.post_id] = as_shared(fact, truth.get(fact.original_id))
    return (
        [truth[post_id] for post_id in part.ids if post_id in truth and truth[post_id].at_home],
        truth,
        known,
    )
