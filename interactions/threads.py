"""Comments as one viewer sees them, in their tree: whatever its shape, one query.

Each comment of a page brings its first three replies along, each of these its first, and so on to the deepest level;
for what is left out there is a cursor. A comment that is not for this viewer (deleted, withheld, of somebody blocked
or suspended) is not there; while others answer it, it is a tombstone, the same for every reason.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.cards import AuthorCard, author_cards
from accounts.models import Viewer
from socialnet.kernel.pagination import Cursor, Onward
from socialnet.outbox.ids import time_of

REPLIES_INSIDE = 3  # of each comment of a page
REPLIES_BELOW = 1  # of each reply

# The comments that `condition` finds, with what is true of them for viewer v. What EXISTS asks stands in the lateral,
# as in `feeds.door`.
_SEEN = """
SELECT c.id, c.post_id, c.author_id, c.parent_id, c.replying_to_id, c.depth, c.content, c.html, c.likes, c.replies,
    c.version, c.edited_at, c.hidden_at IS NOT NULL AS is_hidden, c.held_at IS NOT NULL AS is_held,
    a.limited_at IS NOT NULL AND a.id IS DISTINCT FROM %(viewer)s AS is_limited, r.is_there, r.is_muted, r.is_liked,
    p.author_id AS post_author_id
FROM interactions_comment c
JOIN feeds_post p ON p.id = c.post_id
LEFT JOIN accounts_user a ON a.id = c.author_id
CROSS JOIN LATERAL (SELECT
    coalesce(c.deleted_at IS NULL AND (c.withheld_at IS NULL OR c.held_at IS NOT NULL AND a.id = %(viewer)s)
        AND a.is_active AND a.suspended_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = %(viewer)s AND blocked_id = a.id)
        AND NOT EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = a.id AND blocked_id = %(viewer)s), false)
        AS is_there,
    EXISTS (SELECT 1 FROM accounts_mute WHERE muter_id = %(viewer)s AND muted_id = a.id
        AND (until IS NULL OR until > clock_timestamp())) AS is_muted,
    EXISTS (SELECT 1 FROM interactions_commentlike l
        WHERE l.user_id = %(viewer)s AND l.comment_id = c.id AND l.is_active) AS is_liked
) r
WHERE {condition}
    AND (r.is_there OR EXISTS (SELECT 1 FROM interactions_comment answer WHERE answer.parent_id = c.id))
"""
# One more of each is read than shown, to see whether it goes on; only what is shown is gone down into.
_TREE = """
WITH RECURSIVE tree AS (
    (SELECT 0 AS level, 0::bigint AS place, first.* FROM ({first}) first)
    UNION ALL
    (SELECT tree.level + 1, below.* FROM tree CROSS JOIN LATERAL (
        SELECT row_number() OVER (ORDER BY seen.id) AS place, seen.* FROM ({below}) seen
        ORDER BY seen.id LIMIT 1 + CASE tree.level WHEN 0 THEN %(inside)s ELSE %(below)s END
    ) below
    WHERE tree.place <= CASE tree.level WHEN 0 THEN 0 WHEN 1 THEN %(inside)s ELSE %(below)s END)
)
SELECT * FROM tree
"""
_BELOW = _SEEN.replace("{condition}", "c.parent_id = tree.id")


@dataclass(slots=True)
class CommentItem:
    """One comment as one viewer sees it. Without `is_there` it is a tombstone: no author, no words.

    `is_held`: it waits for moderators, and only its author sees it. `answers` are its first replies in their order;
    `goes_on` leads to the others, of which there are `others`. `filtered` are the words for which the viewer's own
    filters fold it away, `kept_away` the replies that they hide.
    """

    id: int
    post_id: int
    post_url: str
    author: AuthorCard | None
    parent_id: int | None
    replying_to: AuthorCard | None
    depth: int
    content: str
    content_html: str
    likes: int
    replies: int
    version: int
    edited_at: datetime | None
    is_there: bool
    is_hidden: bool
    is_held: bool
    is_muted: bool
    is_limited: bool
    is_liked: bool
    is_mine: bool
    answers: list["CommentItem"] = field(default_factory=list)
    goes_on: Onward | None = None
    filtered: tuple[str, ...] = ()
    kept_away: list["CommentItem"] = field(default_factory=list)

    @property
    def created_at(self) -> datetime:
        return time_of(self.id)

    @property
    def url(self) -> str:
        """Opens the page of the post at its place."""
        return f"{self.post_url}?comment={self.id}#comment-{self.id}"

    @property
    def address(self) -> str:
        """What can be done with it stands below this path."""
        return f"{self.post_url}/comments/{self.id}"

    @property
    def is_folded(self) -> bool:
        """Shown only to who opens it."""
        return self.is_hidden or self.is_muted or self.is_limited or bool(self.filtered)

    @property
    def others(self) -> int:
        """How many replies are left out; what this viewer may not see is not told from what they may."""
        return max(1, self.replies - len(self.answers) - len(self.kept_away)) if self.goes_on else 0

    def walk(self) -> Iterator["CommentItem"]:
        """This one and all below it that are here."""
        yield self
        for answer in self.answers:
            yield from answer.walk()


def newest_first(*, post_id: int, viewer: Viewer, before: int | None, most: int) -> list[CommentItem]:
    condition = "c.post_id = %(post)s AND c.parent_id IS NULL"
    if before is not None:
        condition += " AND c.id < %(place)s"
    return _grown(
        condition, "ORDER BY c.id DESC LIMIT %(most)s", viewer, post=post_id, place=before, most=most
    )


def oldest_first(*, post_id: int, viewer: Viewer, after: int | None, most: int) -> list[CommentItem]:
    condition = "c.post_id = %(post)s AND c.parent_id IS NULL"
    if after is not None:
        condition += " AND c.id > %(place)s"
    return _grown(condition, "ORDER BY c.id LIMIT %(most)s", viewer, post=post_id, place=after, most=most)


def answers_to(*, comment_id: int, viewer: Viewer, after: int | None, most: int) -> list[CommentItem]:
    """Its replies, the oldest first."""
    condition = "c.parent_id = %(comment)s"
    if after is not None:
        condition += " AND c.id > %(place)s"
    return _grown(
        condition, "ORDER BY c.id LIMIT %(most)s", viewer, comment=comment_id, place=after, most=most
    )


def with_answers(comment_ids: Collection[int], *, viewer: Viewer) -> list[CommentItem]:
    """Those of `comment_ids` that are there, in the given order, with their first replies."""
    found = _grown("c.id = ANY(%(ids)s)", "", viewer, ids=list(comment_ids))
    return _in_order(comment_ids, found)


def without_answers(comment_ids: Collection[int], *, viewer: Viewer) -> list[CommentItem]:
    """As `with_answers`, each alone."""
    rows = _rows(_SEEN.replace("{condition}", "c.id = ANY(%(ids)s)"), viewer, ids=list(comment_ids))
    cards = _cards(rows)
    return _in_order(comment_ids, [_item(row, cards, viewer) for row in rows])


def _in_order(comment_ids: Iterable[int], found: Iterable[CommentItem]) -> list[CommentItem]:
    by_id = {item.id: item for item in found}
    return [by_id[comment_id] for comment_id in comment_ids if comment_id in by_id]


def _grown(condition: str, order: str, viewer: Viewer, **params: Any) -> list[CommentItem]:
    """The comments that `condition` finds, in their order, with what hangs on them."""
    first = f"{_SEEN.replace('{condition}', condition)} {order}"
    statement = _TREE.replace("{first}", first).replace("{below}", _BELOW)
    rows = _rows(statement, viewer, inside=REPLIES_INSIDE, below=REPLIES_BELOW, **params)
    cards = _cards(rows)
    items = {row["id"]: _item(row, cards, viewer) for row in rows}
    for row in rows:  # parents come first, the replies of each in their order
        if row["level"] == 0:
            continue
        parent, room = items[row["parent_id"]], REPLIES_INSIDE if row["level"] == 1 else REPLIES_BELOW
        if row["place"] <= room:
            parent.answers.append(items[row["id"]])
        else:
            parent.goes_on = Cursor(before=parent.answers[-1].id)
    return [items[row["id"]] for row in rows if row["level"] == 0]


def _rows(statement: str, viewer: Viewer, **params: Any) -> list[dict[str, Any]]:
    viewer_id = viewer.pk if viewer.is_authenticated else None
    with connection.cursor() as cursor:
        cursor.execute(statement, {"viewer": viewer_id, **params})
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _cards(rows: Iterable[Mapping[str, Any]]) -> Mapping[int, AuthorCard]:
    """Of who wrote them, whom they answer and whose post it is, in one round trip when they are cached."""
    named = {row[name] for row in rows if row["is_there"] for name in ("author_id", "replying_to_id")}
    return author_cards((named | {row["post_author_id"] for row in rows}) - {None})


def _item(row: Mapping[str, Any], cards: Mapping[int, AuthorCard], viewer: Viewer) -> CommentItem:
    author = cards.get(row["author_id"])
    is_there = row["is_there"] and author is not None
    return CommentItem(
        id=row["id"],
        post_id=row["post_id"],
        post_url=f"{cards[row['post_author_id']].url}/{row['post_id']}"
        if row["post_author_id"] in cards
        else "",
        author=author if is_there else None,
        parent_id=row["parent_id"],
        replying_to=cards.get(row["replying_to_id"]) if is_there else None,
        depth=row["depth"],
        content=row["content"] if is_there else "",
        content_html=row["html"] if is_there else "",
        likes=row["likes"] if is_there else 0,
        replies=row["replies"],
        version=row["version"] if is_there else 1,
        edited_at=row["edited_at"] if is_there else None,
        is_there=is_there,
        is_hidden=is_there and row["is_hidden"],
        is_held=is_there and row["is_held"],
        is_muted=is_there and row["is_muted"],
        is_limited=is_there and row["is_limited"],
        is_liked=is_there and row["is_liked"],
        is_mine=is_there and row["author_id"] == viewer.pk,
    )
