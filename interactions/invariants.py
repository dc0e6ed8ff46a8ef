"""What must always be true of what people keep and like, in SQL written apart from the code."""

from feeds import cards
from feeds.models import PostCounts
from interactions.models import Touched
from socialnet.kernel.invariants import invariant, number, unrest

_REPEATED = "SELECT count(*) - count(DISTINCT (user_id, post_id)) FROM interactions_bookmark"
_OF_SHARES = """
SELECT count(*) FROM interactions_bookmark b JOIN feeds_post p ON p.id = b.post_id
WHERE p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media
"""
_OF_NOBODY = """
SELECT count(*) FROM interactions_bookmark b JOIN accounts_user u ON u.id = b.user_id WHERE NOT u.is_active
"""
_WRONG_LIKE_COUNTS = """
SELECT count(*) FROM feeds_postcounts c
LEFT JOIN (SELECT post_id, count(*) AS many FROM interactions_like WHERE is_active GROUP BY 1) l USING (post_id)
WHERE c.likes <> coalesce(l.many, 0)
"""
_LIKED_TWICE = "SELECT count(*) - count(DISTINCT (user_id, post_id)) FROM interactions_like"
_LIKES_OF_SHARES = """
SELECT count(*) FROM interactions_like l JOIN feeds_post p ON p.id = l.post_id
WHERE p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media
"""
_LIKES_OF_NOBODY = """
SELECT count(*) FROM interactions_like l JOIN accounts_user u ON u.id = l.user_id WHERE NOT u.is_active
"""


@unrest("counts that the pulse has not told")
def untold_counts() -> int:
    return Touched.objects.count()


@invariant(13, "what Redis keeps of counts is what PostgreSQL has")
def stale_counts(sample: int) -> int:
    """Looks at the newest posts, whose counts change most."""
    newest = PostCounts.objects.order_by("-pk").values_list("pk", flat=True)[: sample * 20]
    right = cards.counts_of(newest)
    kept = cards.COUNTS.get_many(right)
    return sum(counts is not None and counts != right[post_id] for post_id, counts in kept.items())


@invariant(13, "like counts equal the likes that stand")
def wrong_like_counts(_sample: int) -> int:
    return number(_WRONG_LIKE_COUNTS)


@invariant(17, "nobody likes a post twice")
def repeated_likes(_sample: int) -> int:
    return number(_LIKED_TWICE)


@invariant(17, "what is liked is a post, not somebody's share of it")
def likes_of_shares(_sample: int) -> int:
    return number(_LIKES_OF_SHARES)


@invariant(35, "who left likes nothing")
def likes_of_nobody(_sample: int) -> int:
    return number(_LIKES_OF_NOBODY)


@invariant(17, "nobody keeps a post twice")
def repeated_bookmarks(_sample: int) -> int:
    return number(_REPEATED)


@invariant(17, "what is kept is a post, not somebody's share of it")
def bookmarks_of_shares(_sample: int) -> int:
    return number(_OF_SHARES)


@invariant(35, "who left keeps nothing")
def bookmarks_of_nobody(_sample: int) -> int:
    return number(_OF_NOBODY)
