"""Posts as one viewer sees them: card, counts and author, with what they share and what is true for this viewer.

Everything that is shown is made here, from facts asked now; whatever list the ids came from, the door has judged them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.cards import AuthorCard
from accounts.models import Viewer
from feeds.cards import NO_COUNTS, Card, Counts, GroupCard, Hydrated, MediaCard, PreviewCard, hydrate
from feeds.door import Facts, facts, facts_of_many
from socialnet.outbox.ids import time_of


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a post is part of somebody's home."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One post as one viewer sees it.

    `original` is what it shares or quotes, None when that is gone or not for this viewer. `via` is whose share led to
    this one. `also` are the ids of other posts of the page that show the same, and that this one stands for.
    `filtered` are the words for which the viewer's own filters fold it away.
    """

    card: Card
    author: AuthorCard
    counts: Counts
    is_mine: bool = False
    reason: Reason | None = None
    marks: frozenset[str] = frozenset()
    is_share: bool = False
    original: "FeedItem | None" = None
    via: AuthorCard | None = None
    also: tuple[int, ...] = ()
    filtered: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        return self.card["id"]

    @property
    def shown(self) -> "FeedItem":
        """What is read: the original of a share, otherwise the post itself."""
        return self.original if self.is_share and self.original else self

    @property
    def is_quote(self) -> bool:
        return self.card["share_of_id"] is not None and not self.is_share

    @property
    def content(self) -> str:
        return self.card["content"]

    @property
    def content_html(self) -> str:
        return self.card["html"]

    @property
    def content_warning(self) -> str:
        return self.card["content_warning"]

    @property
    def media(self) -> list[MediaCard]:
        return self.card["media"]

    @property
    def preview(self) -> PreviewCard | None:
        return self.card["preview"]

    @property
    def visibility(self) -> str:
        return self.card["visibility"]

    @property
    def group(self) -> GroupCard | None:
        return self.card["group"]

    @property
    def language(self) -> str:
        return self.card["language"]

    @property
    def reply_policy(self) -> str:
        return self.card["reply_policy"]

    @property
    def is_held(self) -> bool:
        """It waits for moderators, and only its author sees it."""
        return self.card["is_held"]

    @property
    def is_hidden(self) -> bool:
        """The viewer hid it from themselves, or what it shares."""
        return "is_hidden" in self.marks

    @property
    def created_at(self) -> datetime:
        return time_of(self.id)

    @property
    def edited_at(self) -> datetime | None:
        edited = self.card["edited_at"]
        return datetime.fromisoformat(edited) if edited else None

    @property
    def may_be_shared(self) -> bool:
        """Only what everybody may read can be passed on; see `actions.share_post`."""
        return self.visibility == "public" and not self.author.is_private and not self.is_held

    @property
    def url(self) -> str:
        return f"{self.author.url}/{self.id}"  # as the route "post" has it


def items_of(post_ids: Collection[int], *, viewer: Viewer) -> list[FeedItem]:
    """Those of `post_ids` that `viewer` may see, in the given order: the door of every list of posts."""
    viewer_id = viewer.pk if viewer.is_authenticated else None
    truth = facts(viewer_id=viewer_id, post_ids=post_ids)
    shown = [truth[post_id] for post_id in post_ids if post_id in truth and truth[post_id].visible]
    return items(shown, truth, known_of(shown, truth), viewer_id=viewer_id)


def items_of_many(asked: Mapping[int, Collection[int]]) -> dict[int, list[FeedItem]]:
    """As `items_of`, without marks, for several people at once: one query, and a round trip for all that is cached."""
    truths = facts_of_many(asked)
    shown = {
        viewer_id: [
            truth[post_id] for post_id in asked[viewer_id] if post_id in truth and truth[post_id].visible
        ]
        for viewer_id, truth in truths.items()
    }
    needed = {viewer_id: _needed(shown[viewer_id], truth) for viewer_id, truth in truths.items()}
    known = hydrate({post_id: author_id for each in needed.values() for post_id, author_id in each.items()})
    return {
        viewer_id: items(shown[viewer_id], truth, known, viewer_id=viewer_id)
        for viewer_id, truth in truths.items()
    }


def known_of(shown: Iterable[Facts], truth: Mapping[int, Facts]) -> Hydrated:
    """All that is needed to show these posts, and what they share, in one round trip when it is cached."""
    return hydrate(_needed(shown, truth))


def _needed(shown: Iterable[Facts], truth: Mapping[int, Facts]) -> dict[int, int]:
    needed = {fact.post_id: fact.author_id for fact in shown}
    for fact in list(shown):
        shared = truth.get(fact.original_id) if fact.is_share else None
        for ident in (fact.share_of_id, fact.via_id, shared.share_of_id if shared else None):
            if ident is not None and ident in truth and truth[ident].visible:
                needed[ident] = truth[ident].author_id
    return needed


def items(
    shown: Sequence[Facts], truth: Mapping[int, Facts], known: Hydrated, *, viewer_id: int | None
) -> list[FeedItem]:
    """Items for posts that passed the door, in the given order; those deleted this moment are left out."""
    made = (_whole(fact, truth, known, viewer_id) for fact in shown)
    return [item for item in made if item]


def _whole(
    fact: Facts,
    truth: Mapping[int, Facts],
    known: Hydrated,
    viewer_id: int | None,
    *,
    reason: Reason | None = None,
    also: tuple[int, ...] = (),
) -> FeedItem | None:
    if fact.share_of_id is None:
        return _bare(fact, known, viewer_id, reason=reason)
    original = _beside(fact.share_of_id, truth, known, viewer_id)
    if fact.is_share and original is None:
        return None
    if fact.is_share and original and original.is_quote:
        quoted = _beside(original.card["share_of_id"], truth, known, viewer_id)
        original = replace(original, original=quoted)
    led = truth.get(fact.via_id) if fact.via_id else None
    via = known.authors.get(led.author_id) if led and led.visible else None
    return _bare(fact, known, viewer_id, reason=reason, also=also, original=original, via=via)


def _beside(
    post_id: int | None, truth: Mapping[int, Facts], known: Hydrated, viewer_id: int | None
) -> FeedItem | None:
    """What another post shows of this one, without what it quotes itself; None when it is gone or not to be seen."""
    fact = truth.get(post_id) if post_id else None
    return _bare(fact, known, viewer_id) if fact and fact.visible else None


def _bare(fact: Facts, known: Hydrated, viewer_id: int | None, **beside: Any) -> FeedItem | None:
    """Without what it shares, unless that is in `beside`, the other fields of the item."""
    if fact.post_id not in known.cards or fact.author_id not in known.authors:
        return None
    card = known.cards[fact.post_id]
    if card["preview"] and not settings.LINK_PREVIEWS:  # switched off for what is cached, too
        card = {**card, "preview": None}
    return FeedItem(
        card=card,
        author=known.authors[fact.author_id],
        counts=known.counts.get(fact.post_id, NO_COUNTS),
        is_mine=fact.author_id == viewer_id,
        marks=fact.marks,
        is_share=fact.is_share,
        **beside,
    )


@dataclass(slots=True)
class Group:
    """Posts of a home page that show the same original: the newest, and those it stands for."""

    first: Facts
    others: list[Facts]


def grouped(truths: Iterable[Facts], *, most: int) -> tuple[list[Group], Facts | None]:
    """Groups of one page, `most` at the utmost, and the first post for which there was no room."""
    groups: dict[int, Group] = {}
    for fact in truths:
        if fact.original_id in groups:
            groups[fact.original_id].others.append(fact)
        elif len(groups) == most:
            return list(groups.values()), fact
        else:
            groups[fact.original_id] = Group(fact, [])
    return list(groups.values()), None


def home_items(
    groups: Sequence[Group], truth: Mapping[int, Facts], known: Hydrated, *, viewer_id: int
) -> list[FeedItem]:
    """One item per group: each says why it is there, and how many more shared the same."""
    own, followed = Reason("you", _("You wrote this")), Reason("followed", _("You follow this person"))
    told = []
    for group in groups:
        fact = group.first
        reason = own if fact.author_id == viewer_id else followed
        if fact.tag:
            reason = Reason("tag", _("From #%(tag)s, which you follow") % {"tag": fact.tag})
        if fact.in_group and fact.author_id != viewer_id:
            reason = Reason("group", _group_reason(fact, known))
        if fact.is_share:
            reason = Reason("shared", _sharers(group, known, viewer_id))
        also = tuple(other.post_id for other in group.others)
        if item := _whole(fact, truth, known, viewer_id, reason=reason, also=also):
            told.append(item)
    return told


def _group_reason(fact: Facts, known: Hydrated) -> str:
    card = known.cards.get(fact.post_id)
    return _("From %(group)s") % {"group": card["group"]["name"]} if card and card["group"] else ""


def _sharers(group: Group, known: Hydrated, viewer_id: int) -> str:
    """ "Ben shared", "Ben and Cleo shared", "Ben and 9 others shared"."""
    first = known.authors.get(group.first.author_id)
    name = _("You") if group.first.author_id == viewer_id else first.display_name if first else ""
    others = [fact.author_id for fact in group.others if fact.is_share]
    if not others:
        return _("%(name)s shared") % {"name": name}
    if len(others) == 1 and (second := known.authors.get(others[0])):
        return _("%(name)s and %(second)s shared") % {"name": name, "second": second.display_name}
    return ngettext(
        "%(name)s and %(many)d other shared", "%(name)s and %(many)d others shared", len(others)
    ) % {"name": name, "many": len(others)}
