"""Reads of what trends, for one viewer: through the door, and without whom they mute."""

from dataclasses import replace

from accounts.cards import AuthorCard, author_cards
from accounts.models import User, Viewer
from accounts.selectors import relations_of
from discovery.models import TrendKind
from discovery.trends.reading import Entry, Trends, trends
from feeds.door import facts
from feeds.items import FeedItem, Reason, items, known_of


def trending_tags(*, most: int | None = None) -> Trends:
    """The same for everybody: they are made of what everybody may see."""
    found = trends(TrendKind.TAG)
    return replace(found, entries=found.entries[:most])


def trending_posts(*, viewer: Viewer, most: int) -> tuple[Trends, list[tuple[Entry, FeedItem]]]:
    """The posts that trend and `viewer` may see, the best first, each with why it is there."""
    found = trends(TrendKind.POST)
    by_id = {entry.subject_id: entry for entry in found.entries}
    viewer_id = viewer.pk if viewer.is_authenticated else None
    truth = facts(viewer_id=viewer_id, post_ids=list(by_id))
    seen = [truth[post_id] for post_id in by_id if post_id in truth]
    shown = [fact for fact in seen if fact.visible and not fact.muted and not fact.is_hidden][:most]
    made = items(shown, truth, known_of(shown, truth), viewer_id=viewer_id)
    return found, [
        (by_id[item.id], replace(item, reason=Reason("trending", by_id[item.id].why))) for item in made
    ]


def trending_people(*, viewer: Viewer, most: int) -> tuple[Trends, list[tuple[Entry, AuthorCard]]]:
    """The people who trend: without `viewer`, and without anybody who is blocked, muted, suspended or private."""
    found = trends(TrendKind.PERSON)
    ids = [entry.subject_id for entry in found.entries]
    standing = User.objects.standing().filter(is_private=False, pk__in=ids).not_blocked_for(viewer)
    there = set(standing.values_list("pk", flat=True)) if ids else set()
    relations = relations_of(viewer, there)
    cards = author_cards(there)
    shown = [
        (entry, cards[entry.subject_id])
        for entry in found.entries
        if entry.subject_id in cards
        and not relations[entry.subject_id].muting
        and not relations[entry.subject_id].is_self
    ]
    return found, shown[:most]
