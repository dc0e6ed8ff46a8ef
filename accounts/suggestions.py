"""People to start with: whom many follow, for those who follow few. Cached, and asked through the door each time."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.cards import AuthorCard, author_cards
from accounts.models import PersonCounts, User
from accounts.selectors import relations_of
from socialnet.kernel import overload
from socialnet.kernel.cache import CachePolicy

POPULAR = CachePolicy(name="popular people", template="people:{id}", ttl=600, dropped_by="time")
FOR_PERSON = CachePolicy(
    name="suggestions",
    template="suggested:{id}",
    ttl=600,
    dropped_by="time",
    l1=5,
    l1_because="ids only; whether they are still strangers is asked each time",
)
NEWCOMER_FOLLOWS = 30  # who follows more finds people through people
_POOL = 100
_KEPT = 12


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Somebody to follow, in the shape that `accounts/_person.html` shows."""

    user: AuthorCard
    relation: str = "none"


def suggested_people(viewer: User, *, count: int = 3) -> list[Suggestion]:
    """Up to `count` popular people that `viewer` has nothing to do with yet; none for who follows many.

    While too much is going on nobody is looked for anew.
    """
    if overload.is_strained():
        return []
    ids = FOR_PERSON.fetch(viewer.pk, lambda: _pick(viewer))
    if not ids:
        return []
    strangers = _strangers(viewer, ids)[:count]
    cards = author_cards(strangers)
    shown = [cards[ident] for ident in strangers if ident in cards and not cards[ident].suspended]
    return [Suggestion(user=card) for card in shown]


def _pick(viewer: User) -> list[int]:
    following = PersonCounts.objects.values_list("following", flat=True).get(pk=viewer.pk)
    if following >= NEWCOMER_FOLLOWS:
        return []
    return _strangers(viewer, POPULAR.fetch("popular", _popular))[:_KEPT]


def _popular() -> list[int]:
    people = PersonCounts.objects.filter(
        user__is_active=True, user__suspended_at=None, user__is_private=False, posts__gt=0
    )
    return list(people.order_by("-followers", "pk").values_list("pk", flat=True)[:_POOL])


def _strangers(viewer: User, ids: Iterable[int]) -> list[int]:
    relations = relations_of(viewer, ids)
    return [
        ident
        for ident in ids
        if relations[ident].state == "none"
        and not relations[ident].muting
        and not relations[ident].blocked_by
    ]
