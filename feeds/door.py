"""The door: the one rule that says whether a person may see a post.

It exists in two forms that a property test holds equal: `audience_includes` and its friends for QuerySets, and
`facts` for a page of ids, where it also says whether the post belongs to the viewer's home. For the time without
PostgreSQL there is a third, stricter one in `paused`.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import compress

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Block, Follow, Viewer
from feeds import hooks
from feeds.belonging import belongs, follows


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
    """What is true of one post for one viewer, now. A share is visible and gone as what it shares.

    `marks` are the names of the true ones among `is_shared`, `is_pinned` and `hooks.viewer_facts`.
    """

    post_id: int
    author_id: int
    visible: bool
    belongs: bool
    muted: bool
    gone: bool
    share_of_id: int | None = None
    via_id: int | None = None
    is_share: bool = False
    marks: frozenset[str] = frozenset()

    @property
    def at_home(self) -> bool:
        return self.visible and self.belongs and not self.muted

    @property
    def original_id(self) -> int:
        """The post that is read when this one is shown: what a share shares, else the post itself."""
        return self.share_of_id if self.is_share and self.share_of_id else self.post_id


# The posts asked for, what they share or quote, what a shared quote quotes, and by which share they came to it: one
# query for the whole page.
# Whatever EXISTS asks stands in the lateral: among the columns above the planner would hash whole tables for it.
_FACTS = """
SELECT p.id, p.author_id,
    coalesce(p.deleted_at IS NULL AND p.hidden_at IS NULL
    AND (%(viewer)s IS NULL OR v.suspended_at IS NULL AND v.is_active)
    AND (p.author_id = v.id
        OR a.suspended_at IS NULL AND a.is_active AND NOT r.blocked
        AND (p.visibility = 'public' AND NOT a.is_private
            OR p.visibility IN ('public', 'followers') AND r.follows
            OR p.visibility = 'friends' AND r.follows AND r.followed_back)), false) AS visible,
    coalesce({belongs}, false) AS belongs,
    r.muted,
    p.deleted_at IS NOT NULL AS gone,
    p.share_of_id, p.via_id,
    p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media AS is_share,
    r.marks
FROM feeds_post p
JOIN accounts_user a ON a.id = p.author_id
LEFT JOIN accounts_user v ON v.id = %(viewer)s
CROSS JOIN LATERAL (SELECT
    {follows} AS follows,
    {followed_back} AS followed_back,
    EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = v.id AND blocked_id = a.id)
        OR EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = a.id AND blocked_id = v.id) AS blocked,
    EXISTS (SELECT 1 FROM accounts_mute WHERE muter_id = v.id AND muted_id = a.id
        AND (until IS NULL OR until > clock_timestamp())) AS muted,
    ARRAY[{marks}] AS marks
) r
WHERE p.id = ANY(%(ids)s) OR p.id = ANY(ARRAY(
    SELECT unnest(ARRAY[s.share_of_id, s.via_id, shared.share_of_id]) FROM feeds_post s
    LEFT JOIN feeds_post shared ON shared.id = s.share_of_id AND s.content = '' AND NOT s.with_media
    WHERE s.id = ANY(%(ids)s) AND s.share_of_id IS NOT NULL))
"""
_FACTS = (
    _FACTS.replace("{belongs}", belongs(viewer="v.id", author="p.author_id", is_followed="r.follows"))
    .replace("{follows}", follows(viewer="v.id", author="a.id"))
    .replace("{followed_back}", follows(viewer="a.id", author="v.id"))
)
_IS_SHARED = """EXISTS (SELECT 1 FROM feeds_post s WHERE s.author_id = v.id AND s.share_of_id = p.id
    AND s.content = '' AND NOT s.with_media AND s.deleted_at IS NULL)"""


_IS_PINNED = "EXISTS (SELECT 1 FROM feeds_pin WHERE post_id = p.id)"


def facts(*, viewer_id: int | None, post_ids: Collection[int]) -> dict[int, Facts]:
    """The facts of a page of posts and of what they share, in one query; an id that is not there has no post."""
    if not post_ids:
        return {}
    marks = {"is_shared": _IS_SHARED, "is_pinned": _IS_PINNED, **hooks.viewer_facts}
    names = list(marks)
    with connection.cursor() as cursor:
        cursor.execute(
            _FACTS.replace("{marks}", ", ".join(marks.values())),
            {"viewer": viewer_id, "ids": list(post_ids)},
        )
        rows = cursor.fetchall()
    found = {
        row[0]: Facts(*row[:9], marks=frozenset(compress(names, row[9])))  # type: ignore[misc]
        for row in rows
    }
    for fact in [fact for fact in found.values() if fact.is_share]:
        found[fact.post_id] = as_shared(fact, found.get(fact.original_id))
    return found


def as_shared(share: Facts, original: Facts | None) -> Facts:
    """A share, judged together with what it shares; None when that is not there any more."""
    return replace(
        share,
        visible=share.visible and original is not None and original.visible,
        muted=share.muted or (original is not None and original.muted),
        gone=share.gone or original is None or original.gone,
    )
