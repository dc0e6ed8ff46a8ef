"""What must always be true of what people keep, in SQL written apart from the code."""

from socialnet.kernel.invariants import invariant, number

_REPEATED = "SELECT count(*) - count(DISTINCT (user_id, post_id)) FROM interactions_bookmark"
_OF_SHARES = """
SELECT count(*) FROM interactions_bookmark b JOIN feeds_post p ON p.id = b.post_id
WHERE p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media
"""
_OF_NOBODY = """
SELECT count(*) FROM interactions_bookmark b JOIN accounts_user u ON u.id = b.user_id WHERE NOT u.is_active
"""


@invariant(17, "nobody keeps a post twice")
def repeated_bookmarks(_sample: int) -> int:
    return number(_REPEATED)


@invariant(17, "what is kept is a post, not somebody's share of it")
def bookmarks_of_shares(_sample: int) -> int:
    return number(_OF_SHARES)


@invariant(35, "who left keeps nothing")
def bookmarks_of_nobody(_sample: int) -> int:
    return number(_OF_NOBODY)
