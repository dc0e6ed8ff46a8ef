"""What belongs at whose home, as one statement over the tables: plain SQL, written apart from the feed code.

It joins whole sets where the product asks about one page of one person, and knows of no timelines, tiers or caches.
"""

from collections.abc import Collection

from django.db import connection

_HOMES = """
WITH following AS (
    SELECT follower_id, followee_id FROM accounts_follow WHERE status = 'active'
), parted AS (
    SELECT blocker_id, blocked_id FROM accounts_block UNION SELECT blocked_id, blocker_id FROM accounts_block
), muting AS (
    SELECT muter_id, muted_id FROM accounts_mute WHERE until IS NULL OR until > clock_timestamp()
), tagging AS (
    SELECT f.user_id, t.post_id FROM feeds_tagfollow f JOIN feeds_posthashtag t ON t.hashtag_id = f.hashtag_id
), belonging AS (
    SELECT user_id, group_id, status FROM groups_membership
), standing AS (
    SELECT id FROM accounts_user WHERE is_active AND suspended_at IS NULL
), said AS (
    SELECT id, author_id, visibility, group_id, hidden_at IS NULL AS is_open,
        CASE WHEN content = '' AND NOT with_media THEN share_of_id END AS shared_id
    FROM feeds_post WHERE deleted_at IS NULL AND (hidden_at IS NULL OR held_at IS NOT NULL)
), readable AS (
    SELECT viewer.id AS viewer_id, said.id AS post_id, said.author_id
    FROM standing viewer JOIN said ON said.author_id = viewer.id
    UNION ALL
    SELECT viewer.id, said.id, said.author_id
    FROM standing viewer CROSS JOIN said JOIN accounts_user author ON author.id = said.author_id
    WHERE viewer.id <> author.id AND author.id IN (TABLE standing) AND (viewer.id, author.id) NOT IN (TABLE parted)
        AND said.is_open
        AND ((viewer.id, author.id) IN (TABLE following) AND (said.visibility IN ('public', 'followers')
                OR said.visibility = 'friends' AND (author.id, viewer.id) IN (TABLE following))
            OR said.visibility = 'public' AND NOT author.is_private
            OR said.visibility = 'group' AND (viewer.id, said.group_id, 'active') IN (TABLE belonging)
            OR said.group_id IN (SELECT id FROM groups_group WHERE privacy = 'public' AND deleted_at IS NULL)
                AND (viewer.id, said.group_id, 'banned') NOT IN (TABLE belonging)
                AND (NOT author.is_private OR (viewer.id, author.id) IN (TABLE following)))
)
SELECT post.viewer_id, array_agg(post.post_id)
FROM readable post JOIN said ON said.id = post.post_id
LEFT JOIN readable original ON original.viewer_id = post.viewer_id AND original.post_id = said.shared_id
WHERE post.viewer_id = ANY(%(viewers)s)
    AND (post.author_id = post.viewer_id
        OR said.visibility = 'group' AND (post.viewer_id, said.group_id, 'active') IN (TABLE belonging)
        OR said.visibility <> 'group' AND ((post.viewer_id, post.author_id) IN (TABLE following)
            OR (post.viewer_id, post.post_id) IN (TABLE tagging)))
    AND (post.viewer_id, post.author_id) NOT IN (TABLE muting)
    AND (said.shared_id IS NULL
        OR original.post_id IS NOT NULL AND (post.viewer_id, original.author_id) NOT IN (TABLE muting))
GROUP BY post.viewer_id
"""


def homes_by_sql(viewer_ids: Collection[int]) -> dict[int, set[int]]:
    """The ids of everything that each of these people should find at home, shares among them, by person."""
    with connection.cursor() as cursor:
        cursor.execute(_HOMES, {"viewers": list(viewer_ids)})
        found = dict(cursor.fetchall())
    return {viewer_id: set(found.get(viewer_id, ())) for viewer_id in viewer_ids}
