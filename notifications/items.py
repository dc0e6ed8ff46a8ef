"""Notifications as their recipient sees them: who, what, a few words of it, and where it leads.

Who may be named and what may be quoted is asked now: of people who are gone only their number is left, and of a post or
comment that the recipient may not see any more nothing is said but that it was.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.cards import AuthorCard, author_cards
from accounts.models import User
from accounts.selectors import blocked_pairs
from feeds.items import FeedItem
from feeds.items import items_of as posts_of
from groups.models import Group
from interactions.models import Comment
from notifications import filtering, texts
from notifications.models import Notification
from notifications.registry import Kind
from socialnet.kernel.markup import plain_content
from socialnet.outbox.ids import time_of

NAMED = 3
EXCERPT_MOST = 140
ICONS: dict[str, str] = {
    "mention": "at",
    "reply": "reply",
    "comment": "comment",
    "quote": "quote",
    "like": "heart",
    "comment_like": "heart",
    "share": "share",
    "follow": "followers",
    "follow_request": "requests",
    "request_accepted": "friends",
    "group_invitation": "people",
    "group_request": "requests",
    "group_accepted": "people",
    "new_post": "bell",
    "group_post": "people",
    "post_published": "schedule",
    "post_failed": "warning",
    "security": "shield",
    "group_report": "flag",
    "report_outcome": "flag",
    "sanction": "shield",
    "system": "info",
}
OF_GROUPS = frozenset(
    {"group_invitation", "group_request", "group_accepted"}
)  # these have it as their target
_NAME = re.compile("\ue000([0-9])\ue001")  # where a name stands in a sentence; letters of nobody's language

_ACTORS = """
SELECT n.id, a.actor_id FROM unnest(%(ids)s::bigint[]) n(id) CROSS JOIN LATERAL (
    SELECT actor_id, place FROM notifications_notificationactor
    WHERE notification_id = n.id AND is_active ORDER BY place DESC LIMIT %(most)s
) a ORDER BY n.id, a.place DESC
"""


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One notification. `actors` are the newest of `row.actor_count`; `excerpt` is plain text and may be empty.
    `filtered` are the words for which its recipient's own filters fold it away.

    `post`, `comment` and `group` are what it leads to, None where there is none, or none for its recipient.
    """

    row: Notification
    actors: Sequence[AuthorCard]
    text: str
    excerpt: str
    url: str
    post: FeedItem | None = None
    comment: Comment | None = None
    group: Group | None = None
    filtered: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        return self.row.pk

    @property
    def kind(self) -> str:
        return self.row.kind

    @property
    def registered(self) -> Kind:
        return self.row.registered

    @property
    def icon(self) -> str:
        return ICONS[self.kind]

    @property
    def count(self) -> int:
        return self.row.actor_count

    @property
    def html(self) -> SafeString:
        """The sentence, its names as links."""
        places = [f"\ue000{number}\ue001" for number in range(len(self.actors))]
        html = escape(_sentence(self.row, places, self.group))
        return mark_safe(_NAME.sub(lambda place: _link(self.actors[int(place[1])]), html))

    @property
    def is_read(self) -> bool:
        return self.row.is_read

    @property
    def updated_at(self) -> datetime:
        return time_of(self.row.place)


def items_of(notification_ids: Iterable[int], *, viewer: User) -> list[InboxItem]:
    """Those that are the viewer's and stand, in the given order, without what their filters fold or hide: it is not
    told outside of the inbox. Their sentences are in the active language."""
    wanted = list(notification_ids)
    rows = Notification.objects.of(viewer).standing().in_bulk(wanted)
    found = items([rows[ident] for ident in wanted if ident in rows], viewer=viewer)
    return [item for item in found if not item.filtered]


def items(rows: Sequence[Notification], *, viewer: User) -> list[InboxItem]:
    """As `items_of`, of rows of the viewer's inbox; a fixed number of queries.

    Between whom there is a block by now, neither is named to the other: who alone did it leaves nothing to tell. What
    the viewer's filters hide is left out.
    """
    if not rows:
        return []
    actors = _actors(rows)
    named = {person for people in actors.values() for person in people}
    cards = author_cards(named - {other for _me, other in blocked_pairs((viewer.pk, one) for one in named)})
    rows = [row for row in rows if not actors[row.pk] or any(one in cards for one in actors[row.pk])]
    posts = {item.id: item for item in posts_of({row.post_id for row in rows if row.post_id}, viewer=viewer)}
    comments = _comments(rows, viewer)
    groups = _groups(rows, posts, viewer)
    made = [
        _item(
            row,
            [cards[person] for person in actors[row.pk] if _is_heard(cards.get(person))],
            posts,
            comments,
            groups.get(_group_key(row, posts)),
        )
        for row in rows
    ]
    verdicts = filtering.of_rows(viewer, [(item.kind, item.post, item.comment) for item in made])
    return [
        replace(item, filtered=verdict.phrases) if verdict else item
        for item, verdict in zip(made, verdicts, strict=True)
        if not (verdict and verdict.hides)
    ]


def _link(person: AuthorCard) -> str:
    name = person.display_name or person.username
    return format_html('<a href="{}"><b><bdi>{}</bdi></b></a>', person.url, name)


def _is_heard(card: AuthorCard | None) -> bool:
    return card is not None and not card.suspended


def _item(
    row: Notification,
    actors: Sequence[AuthorCard],
    posts: Mapping[int, FeedItem],
    comments: Mapping[int, Comment],
    group: Group | None,
) -> InboxItem:
    post = posts.get(row.post_id or 0)
    comment = comments.get(row.comment_id or 0) if post else None
    names = [card.display_name or card.username for card in actors]
    return InboxItem(
        row=row,
        actors=actors,
        text=_sentence(row, names, group),
        excerpt=_excerpt(row, post, comment),
        url=_url_of_group(row, group) if group and post is None else _url(row, actors, post, comment),
        post=post,
        comment=comment,
        group=group,
    )


def _sentence(row: Notification, names: Sequence[str], group: Group | None) -> str:
    words = {**row.words, "group": group.name} if group else row.words
    return texts.sentence(row.kind, names=names, count=row.actor_count, words=words)


def _url_of_group(row: Notification, group: Group) -> str:
    return reverse("group_requests" if row.kind == "group_request" else "group", args=[group.slug])


def _excerpt(row: Notification, post: FeedItem | None, comment: Comment | None) -> str:
    if row.comment_id:
        return few_words(comment.content) if comment else ""
    return words_of(post) if post else ""


def words_of(post: FeedItem) -> str:
    """The beginning of a post, or what it warns of."""
    return few_words(post.content_warning or post.content)


def few_words(text: str) -> str:
    """The beginning of `text`, without its marks and on one line."""
    said = " ".join(plain_content(text[: EXCERPT_MOST * 4], brief=True).split())
    return said if len(said) <= EXCERPT_MOST else said[: EXCERPT_MOST - 1].rstrip() + "…"


def _url(
    row: Notification, actors: Sequence[AuthorCard], post: FeedItem | None, comment: Comment | None
) -> str:
    if comment is not None and post is not None:
        return f"{post.url}?comment={comment.pk}#comment-{comment.pk}"
    if post is not None:
        return post.url
    if row.kind == "follow_request":
        return reverse("follow_requests")
    if row.kind == "security":
        return reverse("settings_sessions")
    if row.kind in ("group_report", "report_outcome", "sanction"):
        return str(row.words.get("url") or reverse("notifications"))
    if row.kind == "post_failed":
        return reverse("drafts")
    if row.kind == "system":
        return str(row.words.get("url") or reverse("notifications"))
    return actors[0].url if actors else reverse("notifications")


def _actors(rows: Sequence[Notification]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_ACTORS, {"ids": [row.pk for row in rows], "most": NAMED})
        for ident, person in cursor.fetchall():
            found[ident].append(person)
    return found


def _comments(rows: Sequence[Notification], viewer: User) -> Mapping[int, Comment]:
    ids: Collection[int] = {row.comment_id for row in rows if row.comment_id}
    if not ids:
        return {}
    return Comment.objects.visible_to(viewer).only("id", "content", "post_id", "author").in_bulk(ids)


def _group_key(row: Notification, posts: Mapping[int, FeedItem]) -> int | str:
    """The id or the address of the group that the sentence names; 0 where it names none."""
    if row.kind in OF_GROUPS:
        return row.target_id
    post = posts.get(row.post_id or 0) if row.kind == "group_post" else None
    return post.group["slug"] if post and post.group else 0


def _groups(
    rows: Sequence[Notification], posts: Mapping[int, FeedItem], viewer: User
) -> Mapping[int | str, Group]:
    """Those that the viewer may still know of, by id and by address."""
    keys = {_group_key(row, posts) for row in rows} - {0}
    if not keys:
        return {}
    named = Q(pk__in=[key for key in keys if isinstance(key, int)])
    named |= Q(slug__in=[key for key in keys if isinstance(key, str)])
    groups = Group.objects.seen_by(viewer).filter(named)
    return {key: group for group in groups for key in (group.pk, group.slug)}
