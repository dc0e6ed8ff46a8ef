"""The door: the one rule that says whether a person may see a post.

It exists in two forms that a property test holds equal: `audience_includes` and its friends for QuerySets, and
`facts` for a page of ids, where it also says whether the post belongs to the viewer's home. For the time without
PostgreSQL there is a third, stricter one in `paused`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Block, Follow, Viewer
from feeds import hooks
from feeds.belonging import belongs
from groups.models import Group, Membership, Privacy


class Audience(models.TextChoices):
    PUBLIC = "public", "public"
    FOLLOWERS = "followers", "followers"
    FRIENDS = "friends", "friends"
    PRIVATE = "private", "private"
    GROUP = "group", "group"


# What somebody chooses for a post outside of groups, from everybody to nobody else.
OWN_AUDIENCES: list[str] = [one for one in Audience.values if one != Audience.GROUP]


def audience_includes(viewer: Viewer) -> Q:
    """The posts whose audience has `viewer` in it; a private account narrows all of its posts to followers.

    A group's posts are for its members; those of a public group for everybody, but who is banned from it; those of a
    group that moderators hid for their authors alone.
    """
    open_to_all = Q(visibility=Audience.PUBLIC, author__is_private=False)
    open_group = Group.objects.standing().filter(pk=OuterRef("group"), privacy=Privacy.PUBLIC)
    in_open_group = Q(Exists(open_group), visibility=Audience.GROUP)
    if not viewer.is_authenticated:
        return open_to_all | in_open_group & Q(author__is_private=False)
    follows = Exists(Follow.objects.active().filter(follower=viewer.pk, followee=OuterRef("author")))
    followed_back = Exists(Follow.objects.active().filter(follower=OuterRef("author"), followee=viewer.pk))
    mine = Membership.objects.filter(user=viewer.pk, group=OuterRef("group"))
    is_in = Exists(mine.active().filter(group__hidden_at=None))
    banned = Exists(mine.filter(status=Membership.Status.BANNED))
    return (
        Q(author=viewer.pk)
        | open_to_all
        | Q(follows, visibility__in=[Audience.PUBLIC, Audience.FOLLOWERS])
        | Q(follows, followed_back, visibility=Audience.FRIENDS)
        | Q(is_in, visibility=Audience.GROUP)
        | in_open_group & ~Q(banned) & (Q(author__is_private=False) | Q(follows))
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
    `in_group`: it is in a group of which the viewer is a member.
    `marks` are the names of the true ones among `is_shared`, `is_pinned`, `is_pinned_in_group`,
    `may_moderate` (the group in which it is), `is_hidden` (by the viewer, from themselves) and `hooks.viewer_facts`.
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
    in_group: bool = False
    marks: frozenset[str] = frozenset()

    @property
    def is_hidden(self) -> bool:
        """The viewer hid it, or what it shares, from themselves: it is in no list of theirs, and open to them still."""
        return "is_hidden" in self.marks

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
            OR p.visibility = 'friends' AND p.follows AND p.followed_back
            OR p.visibility = 'group' AND (p.group_status IS NOT DISTINCT FROM 'active'
                OR p.group_is_open AND p.group_status IS DISTINCT FROM 'banned'
                    AND (NOT p.author_is_private OR p.follows)))), false) AS visible,
    coalesce({belongs}, false) AS belongs,
    p.muted,
    p.gone, p.share_of_id, p.via_id, p.is_share, p.followed_tag, p.group_status IS NOT DISTINCT FROM 'active',
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
        is_in_group="p.visibility = 'group'",
        is_member="p.group_status = 'active'",
    ),
)
_MARKS = {
    "is_shared": "p.is_shared",
    "is_pinned": "p.is_pinned",
    "is_hidden": "EXISTS (SELECT 1 FROM feeds_hiddenpost h WHERE h.user_id = v.id AND h.post_id = p.id)",
    "is_pinned_in_group": """CASE WHEN p.group_id IS NULL THEN false
        ELSE EXISTS (SELECT 1 FROM feeds_grouppin WHERE post_id = p.id) END""",
    "may_moderate": """CASE WHEN p.group_status = 'active' THEN EXISTS (SELECT 1 FROM groups_membership
        WHERE user_id = v.id AND group_id = p.group_id AND role <> 'member') ELSE false END""",
}

# The same for several viewers, each with posts of their own.
_FACTS_OF_MANY = """
SELECT a.viewer, f.* FROM (
    SELECT viewer, array_agg(post) AS ids FROM unnest(%(viewers)s::bigint[], %(posts)s::bigint[]) w(viewer, post)
    GROUP BY viewer
) a CROSS JOIN LATERAL ({facts}) f
""".replace(
    "{facts}",
    _FACTS.replace("ARRAY[{marks}]", "ARRAY[]::boolean[]")
    .replace("%(viewer)s", "a.viewer")
    .replace("%(ids)s", "a.ids"),
)


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
    return _told(rows, names)


def facts_of_many(asked: Mapping[int, Collection[int]]) -> dict[int, dict[int, Facts]]:
    """As `facts`, but for the marks, of several people at once: ids of posts by the id of who asks; in one query."""
    pairs = [(viewer_id, post_id) for viewer_id, post_ids in asked.items() for post_id in set(post_ids)]
    rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    if pairs:
        viewers, posts = zip(*pairs, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_FACTS_OF_MANY, {"viewers": list(viewers), "posts": list(posts)})
            for viewer_id, *row in cursor.fetchall():
                rows[viewer_id].append(tuple(row))
    return {viewer_id: _told(rows[viewer_id], []) for viewer_id in asked}


def _told(rows: Iterable[tuple[Any, ...]], names: Sequence[str]) -> dict[int, Facts]:
    found = {
        row[0]: Facts(*row[:11], marks=frozenset(compress(names, row[11])))  # type: ignore[misc]
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
        marks=share.marks | {"is_hidden"} if original is not None and original.is_hidden else share.marks,
    )
