"""What must always be true of what people keep, like and say, in SQL written apart from the code."""

from accounts.models import User
from feeds import cards
from feeds.invariants import Ties, may_see, rows
from feeds.models import Post, PostCounts
from interactions.models import Comment, Touched
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
_WRONG_COMMENT_COUNTS = """
SELECT count(*) FROM feeds_postcounts c
LEFT JOIN (SELECT post_id, count(*) AS many FROM interactions_comment WHERE deleted_at IS NULL GROUP BY 1) said
    USING (post_id)
WHERE c.comments <> coalesce(said.many, 0)
"""
_WRONG_REPLY_COUNTS = """
SELECT count(*) FROM interactions_comment c
LEFT JOIN (SELECT parent_id, count(*) AS many FROM interactions_comment WHERE deleted_at IS NULL GROUP BY 1) answers
    ON answers.parent_id = c.id
WHERE c.replies <> coalesce(answers.many, 0)
"""
_WRONG_COMMENT_LIKES = """
SELECT count(*) FROM interactions_comment c
LEFT JOIN (SELECT comment_id, count(*) AS many FROM interactions_commentlike WHERE is_active GROUP BY 1) liked
    ON liked.comment_id = c.id
WHERE c.likes <> coalesce(liked.many, 0)
"""
_COMMENTS_LIKED_TWICE = (
    "SELECT count(*) - count(DISTINCT (user_id, comment_id)) FROM interactions_commentlike"
)
_WRONG_PATHS = """
SELECT count(*) FROM interactions_comment c LEFT JOIN interactions_comment p ON p.id = c.parent_id
WHERE c.path <> coalesce(p.path, '') || lpad(to_hex(c.id), 14, '0')
    OR c.depth <> coalesce(p.depth, 0) + 1 OR c.post_id <> coalesce(p.post_id, c.post_id)
"""
_ODD_TOMBSTONES = """
SELECT count(*) FROM interactions_comment c WHERE deleted_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM interactions_comment answer WHERE answer.parent_id = c.id)
"""
_ORPHANS = """
SELECT count(*) FROM interactions_comment c
WHERE parent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM interactions_comment p WHERE p.id = c.parent_id)
"""
_COMMENTS_OF_SHARES = """
SELECT count(*) FROM interactions_comment c JOIN feeds_post p ON p.id = c.post_id
WHERE p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media
"""
_SAID_BY_NOBODY = """
SELECT (SELECT count(*) FROM interactions_comment c JOIN accounts_user u ON u.id = c.author_id WHERE NOT u.is_active)
    + (SELECT count(*) FROM interactions_commentlike l JOIN accounts_user u ON u.id = l.user_id WHERE NOT u.is_active)
"""
_COMMENTED = "SELECT DISTINCT post_id FROM interactions_comment ORDER BY post_id DESC LIMIT 200"


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


@invariant(13, "comment counts equal the comments that stand")
def wrong_comment_counts(_sample: int) -> int:
    return number(_WRONG_COMMENT_COUNTS)


@invariant(13, "reply counts equal the replies that stand")
def wrong_reply_counts(_sample: int) -> int:
    return number(_WRONG_REPLY_COUNTS)


@invariant(13, "like counts of comments equal the likes that stand")
def wrong_comment_likes(_sample: int) -> int:
    return number(_WRONG_COMMENT_LIKES)


@invariant(17, "nobody likes a comment twice")
def repeated_comment_likes(_sample: int) -> int:
    return number(_COMMENTS_LIKED_TWICE)


@invariant(
    19, "the path of a comment is its parent's and its own id, under the same post, as deep as it says"
)
def wrong_paths(_sample: int) -> int:
    return number(_WRONG_PATHS)


@invariant(20, "every parent is there, and a tombstone only while somebody answers it")
def odd_parents(_sample: int) -> int:
    return number(_ORPHANS) + number(_ODD_TOMBSTONES)


@invariant(20, "what is commented on is a post, not somebody's share of it")
def comments_of_shares(_sample: int) -> int:
    return number(_COMMENTS_OF_SHARES)


@invariant(21, "nobody sees a comment of a post that they cannot see")
def comments_behind_the_door(sample: int) -> int:
    posts = Post.objects.select_related("author").in_bulk(rows(_COMMENTED))
    violations = 0
    for person in User.objects.standing().order_by("?")[:sample]:
        ties = Ties.of(person)
        seen = Comment.objects.filter(post__in=posts).visible_to(person).values_list("post_id", flat=True)
        violations += sum(not may_see(posts[post_id], ties) for post_id in {*seen})
    return violations


@invariant(35, "who left says and likes nothing in any thread")
def said_by_nobody(_sample: int) -> int:
    return number(_SAID_BY_NOBODY)
