"""What belongs to somebody's home, said once: the door, clearing, backfilling and the walk down a home read it here.

It has two forms that the machine of homes holds equal: `belongs`, a condition for one post, and `SOURCES`, the authors
whose posts the walk goes through. A post that belongs for several reasons is stored once and leaves with the last one.
"""

_FOLLOWS = """EXISTS (SELECT 1 FROM accounts_follow
        WHERE follower_id = {viewer} AND followee_id = {author} AND status = 'active')"""
SOURCES = """
    SELECT followee_id AS author_id FROM accounts_follow WHERE follower_id = %(user)s AND status = 'active'
    UNION ALL SELECT %(user)s
"""


def follows(*, viewer: str, author: str) -> str:
    """An SQL condition: the person at `viewer` follows the one at `author`, actively."""
    return _FOLLOWS.format(viewer=viewer, author=author)


def belongs(*, viewer: str, author: str, is_followed: str = "") -> str:
    """An SQL condition: a post of `author` belongs to the home of `viewer`. `is_followed` is where a statement has
    the answer to `follows` already."""
    return f"({author} = {viewer} OR {is_followed or follows(viewer=viewer, author=author)})"
