"""Home while PostgreSQL is away: read-only, from Redis alone, through a stricter door.

What is not cached is left out, and who may see what is judged by relations that were kept; in doubt nobody may.
"""

from accounts import standins
from accounts.cards import AuthorCard
from accounts.standins import Standins
from feeds import timelines
from feeds.cards import Card, Hydrated, cached
from feeds.door import Audience, Facts
from socialnet.kernel.errors import DatabaseAway, RedisAway

_BATCH = 60


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
    )


def belonging(viewer_id: int, *, before: int | None, count: int) -> tuple[list[Facts], Hydrated]:
    """Up to `count` posts of the warm timeline that may be shown, and what is cached of them.

    Raises `DatabaseAway` when too little was kept to show anything.
    """
    try:
        part = timelines.read(viewer_id, before=before, count=max(count, _BATCH))
    except RedisAway as error:
        raise DatabaseAway from error
    kept = standins.read(viewer_id)
    if part is None or kept is None:
        raise DatabaseAway
    known = cached(part.ids)
    truth = [
        facts_without_database(
            known.cards[post_id],
            known.authors.get(known.cards[post_id]["author_id"]),
            viewer_id=viewer_id,
            kept=kept,
        )
        for post_id in part.ids
        if post_id in known.cards
    ]
    return [fact for fact in truth if fact.at_home][:count], known
