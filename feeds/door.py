"""The door: the one rule that says whether a person may see a post.

It exists in two forms that a property test holds equal: `audience_includes` and its friends for QuerySets, and
`facts` for a page of ids, where it also says whether the post belongs to the viewer's home. For the time without
PostgreSQL there is a third, stricter one in `paused`.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Block, Follow, Viewer


class Audience(models.TextChoices):
    PUBLIC = "public", "public"
    FOLLOWERS = "followers", "followers"
    FRIENDS = "friends", "friends"
    PRIVATE = "private", "private"


def audience_includes(viewer: Viewer) -> Q:
    """The posts whose audience has `viewer` in it; a private account narrows all of its posts to followers."""
    open_to_all = Q(visibility=Audience.PUBLIC, author__is_private=False)
    if not viewer.is_authenticated:
        return open_to_all
    follows = Exists(Follow.objects.active().filter(follower=viewer.pk, followee=OuterRef("author")))
    followed_back = Exists(Follow.objects.active().filter(follower=OuterRef("author"), followee=viewer.pk))
    return (
        Q(author=viewer.pk)
        | open_to_all
        | Q(follows, visibility__in=[Audience.PUBLIC, Audience.FOLLOWERS])
        | Q(follows, followed_back, visibility=Audience.FRIENDS)
    )


def not_blocked(viewer: Viewer) -> Q:
    """The posts of authors with no block between them and `viewer`, in either direction."""
    if not viewer.is_authenticated:
        return Q()
    return ~Exists(Block.objects.filter(blocker=viewer.pk, blocked=OuterRef("author"))) & ~Exists(
        Block.objects.filter(blocker=OuterRef("author"), blocked=viewer.pk)
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of one post for one viewer, now."""

    post_id: int
    author_id: int
    visible: bool
    belongs: bool
    muted: bool
    gone: bool

    @property
    def at_home(self) -> bool:
        return self.visible and self.belongs and not self.muted


_FACTS = """
SELECT p.id, p.author_id,
    p.deleted_at IS NULL AND p.hidden_at IS NULL AND v.suspended_at IS NULL AND v.is_active
    AND (p.author_id = v.id
        OR a.suspended_at IS NULL AND a.is_active AND NOT r.blocked
        AND (p.visibility = 'public' AND NOT a.is_private
            OR p.visibility IN ('public', 'followers') AND r.follows
            OR p.visibility = 'friends' AND r.follows AND r.followed_back)) AS visible,
    p.author_id = v.id OR r.follows AS belongs,
    r.muted,
    p.deleted_at IS NOT NULL AS gone
FROM feeds_post p
JOIN accounts_user a ON a.id = p.author_id
JOIN accounts_user v ON v.id = %(viewer)s
CROSS JOIN LATERAL (SELECT
    EXISTS (SELECT 1 FROM accounts_follow
        WHERE follower_id = v.id AND followee_id = a.id AND status = 'active') AS follows,
    EXISTS (SELECT 1 FROM accounts_follow
        WHERE follower_id = a.id AND followee_id = v.id AND status = 'active') AS followed_back,
    EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = v.id AND blocked_id = a.id)
        OR EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = a.id AND blocked_id = v.id) AS blocked,
    EXISTS (SELECT 1 FROM accounts_mute WHERE muter_id = v.id AND muted_id = a.id
        AND (until IS NULL OR until > clock_timestamp())) AS muted
) r
WHERE p.id = ANY(%(ids)s)
"""


def facts(*, viewer_id: int, post_ids: Collection[int]) -> dict[int, Facts]:
    """The facts of a page of posts, in one query; an id that is not there has no post."""
    if not post_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"viewer": viewer_id, "ids": list(post_ids)})
        return {row[0]: Facts(*row) for row in cursor.fetchall()}
