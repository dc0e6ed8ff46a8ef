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
from feeds.belonging import belongs


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

    `tag` is the followed one that it carries, as written, where its author is neither followed nor the viewer.
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
    tag: str | None = None
    marks: frozenset[str] = frozenset()

    @property
    def at_home(self) -> bool:
        return self.visible and self.belongs and not self.muted

    @property
    def original_id(self) -> int:
        """The post that is read when this one is shown: what a share shares, else the post itself."""
        return self.share_of_id if self.is_share and self.share_of_id else self.post_id


# The posts asked for, what they share or quote, what a shared quote quotes, and by which share they came to it: one
# query for the whole page. `feeds_page_facts` fetches what PostgreSQL knows of each, and of what is between its author
# and the viewer, by a plan that each connection keeps; what follows from it is said here (ADR 41).
# What the marks ask stands in the lateral: among the columns above the planner would hash whole tables for it.
_FACTS = """
SELECT p.id, p.author_id,
    coalesce(p.stands AND (%(viewer)s IS NULL OR p.viewer_stands)
    AND (p.author_id = v.id
        OR p.author_stands AND NOT p.blocked
        AND (p.visibility = 'public' AND NOT p.author_is_private
            OR p.visibility IN ('public', 'followers') AND p.follows
            OR p.visibility = 'friends' AND p.follows AND p.followed_back)), false) AS visible,
    coalesce({belongs}, false) AS belongs,
    p.muted,
    p.gone, p.share_of_id, p.via_id, p.is_share, p.followed_tag,
    r.marks
FROM feeds_page_facts(%(viewer)s::bigint, %(ids)s::bigint[]) p
CROSS JOIN LATERAL (SELECT p.viewer_id AS id) v
CROSS JOIN LATERAL (SELECT ARRAY[{marks}] AS marks OFFSET 0) r
""".replace(
    "{belongs}",
    belongs(
        viewer="v.id",
        author="p.author_id",
        is_followed="p.follows",
        has_tag="p.followed_tag IS NOT NULL",
    ),
)
_MARKS = {"is_shared": "p.is_shared", "is_pinned": "p.is_pinned"}


def facts(*, viewer_id: int | None, post_ids: Collection[int]) -> dict[int, Facts]:
    """The facts of a page of posts and of what they share, in one query; an id that is not there has no post."""
    if not post_ids:
        return {}
    marks = {**_MARKS, **hooks.viewer_facts}
    names = list(marks)
    with connection.cursor() as cursor:
        cursor.execute(
            _FACTS.replace("{marks}", ", ".join(marks.values())),
            {"viewer": viewer_id, "ids": list(post_ids)},
        )
        rows = cursor.fetchall()
    found = {
        row[0]: Facts(*row[:10], marks=frozenset(compress(names, row[10])))  # type: ignore[misc]
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
