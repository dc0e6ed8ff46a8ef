"""What belongs to somebody's home, said once: the door, clearing, backfilling and the walk down a home read it here.

A post belongs for its author, oneself or somebody one follows, or for a tag that one follows; what is said in a group
belongs for that group, to its members, and to its author. What belongs for its author is delivered and stored, once for
however many reasons, and leaves with the last of them; what belongs for a tag or a group is merged as a home is read,
and stored nowhere (ADR 50, 55).

It has two forms that the machine of homes holds equal: `belongs`, a condition for one post, and `SOURCES` with `TAGS`
and `GROUPS`, the authors, the tags and the groups whose posts the walk goes through.
"""

_FOLLOWS = """EXISTS (SELECT 1 FROM accounts_follow
        WHERE follower_id = {viewer} AND followee_id = {author} AND status = 'active')"""
SOURCES = """
    SELECT followee_id AS author_id FROM accounts_follow WHERE follower_id = %(user)s AND status = 'active'
    UNION ALL SELECT %(user)s
"""
# Of the authors' posts: what they say in a group belongs for the group.
IS_FOR_FOLLOWERS = "(visibility <> 'group' OR author_id = %(user)s)"
GROUPS = "SELECT group_id FROM groups_membership WHERE user_id = %(user)s AND status = 'active'"
TAGS = "SELECT hashtag_id FROM feeds_tagfollow WHERE user_id = %(user)s"


def follows(*, viewer: str, author: str) -> str:
    """An SQL condition: the person at `viewer` follows the one at `author`, actively."""
    return _FOLLOWS.format(viewer=viewer, author=author)


def is_delivered(*, viewer: str, author: str, is_followed: str = "") -> str:
    """An SQL condition: posts of `author` belong to the home of `viewer` for their author, and so are stored there.
    `is_followed` is where a statement has the answer to `follows` already."""
    return f"({author} = {viewer} OR {is_followed or follows(viewer=viewer, author=author)})"


def belongs(
    *, viewer: str, author: str, has_tag: str, is_in_group: str, is_member: str, is_followed: str = ""
) -> str:
    """An SQL condition: a post of `author` belongs to the home of `viewer`. `has_tag` is where the statement knows
    whether it carries a tag that they follow, `is_in_group` whether it is in a group, `is_member` whether in theirs."""
    delivered = is_delivered(viewer=viewer, author=author, is_followed=is_followed)
    return (
        f"(CASE WHEN {is_in_group} THEN {author} = {viewer} OR {is_member} ELSE {delivered} OR {has_tag} END)"
    )
