"""Reads of search: pages of people, posts and tags, and suggestions. What comes back has passed the door."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils.translation import get_language

from accounts.access import may_find
from accounts.models import User, Viewer
from accounts.selectors import PersonRow, hiding_from, relations_of
from discovery import cache
from discovery.errors import SearchPaused
from discovery.models import Kind
from discovery.search import groups, people, steps, tags
from discovery.search.posts import found_posts
from discovery.search.query import Query
from discovery.search.words import words_in
from feeds.items import FeedItem, items_of
from feeds.models import Hashtag
from groups.selectors import seen_groups
from socialnet.kernel import overload, snapshots
from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.errors import DatabaseAway, RedisAway
from socialnet.kernel.pagination import PAGE_SIZE, Onward, Page
from socialnet.kernel.postgres import in_time, is_away, is_slow
from socialnet.kernel.snapshots import Place

SUGGESTED_MOST = 10
_POOL = 40  # candidates that are kept for a beginning of a name
_LARGEST_BATCH = 200


class Type(StrEnum):
    """What can be looked for, by the names of the API."""

    POSTS = "posts"
    USERS = "users"
    HASHTAGS = "hashtags"
    GROUPS = "groups"


@dataclass(frozen=True)
class FoundPage(Page[Any]):
    """A page of what was found. `mode` is what could be looked through: `whole`, or only `names`; `meant`, what may
    have been meant instead."""

    mode: str = steps.WHOLE
    meant: str = ""


@dataclass(frozen=True)
class Suggestion:
    """A person, or a tag, whose name begins as somebody writes it."""

    user: User | None = None
    hashtag: Hashtag | None = None


@dataclass(frozen=True)
class _Found:
    ids: list[int]
    is_alike: bool = False
    mode: str = steps.WHOLE


@dataclass
class _Shown:
    """A page that fills: what stands at which place of the list, and where the next page begins."""

    items: list[Any] = field(default_factory=list)
    further: int | None = None


def scope_of(query: Query, *, kind: Type, viewer: Viewer) -> str:
    """Whose list of what it is: a place in it is void everywhere else."""
    return f"search:{kind}:{viewer.pk or 0}:{query.digest}"


def search_page(
    query: Query, *, kind: Type, viewer: Viewer, place: Place | None = None, size: int = PAGE_SIZE
) -> FoundPage:
    """What matches `query` and `viewer` may see, the best first: `FeedItem`s, `PersonRow`s, `Hashtag`s or `SeenGroup`s.

    The order is that of the first page. Raises `CursorExpired` when it is not kept any longer, and `SearchPaused`.
    """
    try:
        found = _Found(snapshots.ids_of(place)) if place is not None else _found(query, kind, viewer)
        shown = _read(found.ids, kind=kind, viewer=viewer, start=place.index if place else 0, size=size)
    except RedisAway as error:
        raise SearchPaused from error
    except (OperationalError, InterfaceError, DatabaseAway) as error:
        if not is_slow(error) and not is_away(error):
            raise
        raise SearchPaused from error
    return FoundPage(
        items=shown.items,
        next_cursor=_further(query, kind, viewer, place, found, shown),
        mode=found.mode,
        meant=people.meant_with(query, shown.items[0].user) if found.is_alike and shown.items else "",
    )


def _further(
    query: Query, kind: Type, viewer: Viewer, place: Place | None, found: _Found, shown: _Shown
) -> Onward | None:
    """Where the list goes on; without Redis it cannot."""
    if shown.further is None:
        return None
    if place is None:
        try:
            place = snapshots.keep(found.ids, scope=scope_of(query, kind=kind, viewer=viewer))
        except RedisAway:
            return None
    return place.at(shown.further) if shown.further < snapshots.LONGEST else None


# --- what is found -------------------------------------------------------------------------------------------


def _found(query: Query, kind: Type, viewer: Viewer) -> _Found:
    """From what was found for the same viewer a moment ago, else anew; with less, where that takes too long."""
    if query.is_empty:
        return _Found([])
    ident = f"{viewer.pk or 0}:{kind}:{query.digest}:{get_language()}"
    if kept := cache.FOUND.get(ident):
        return _Found(kept["ids"], kept["is_alike"])
    found = _guarded(steps.search, steps.BUDGET_MS, lambda: _look(query, kind, viewer))
    if found is not None:
        if found.ids:  # who found nothing may have it written the moment after
            cache.FOUND.set_many({ident: {"ids": found.ids, "is_alike": found.is_alike}})
        return found
    by_name = _guarded(steps.names, steps.NAMES_BUDGET_MS, lambda: _look_at_names(query, kind))
    if by_name is None:
        raise SearchPaused
    return by_name


def _guarded(breaker: Breaker, milliseconds: int, look: Callable[[], _Found]) -> _Found | None:
    """What `look` finds; None when it takes too long, or took too long lately."""
    try:
        with breaker.calling(), in_time(milliseconds):
            return look()
    except Refused:
        return None
    except OperationalError as error:
        if not is_slow(error):
            raise
        return None


def _look(query: Query, kind: Type, viewer: Viewer) -> _Found:
    viewer_id = viewer.pk if viewer.is_authenticated else None
    languages = [get_language() or "en", "en"]
    match kind:
        case Type.POSTS:
            return _Found(found_posts(query, viewer_id=viewer_id, languages=languages)[: snapshots.LONGEST])
        case Type.USERS:
            found = people.found_people(query, viewer_id=viewer_id, languages=languages)
            return _Found(found.ids[: snapshots.LONGEST], found.is_alike)
        case Type.GROUPS:
            return _Found(groups.found_groups(query, languages=languages))
    return _Found(tags.found_tags(query))


def _look_at_names(query: Query, kind: Type) -> _Found:
    """Posts have no names: of them nothing is found, and the page says why."""
    match kind:
        case Type.USERS:
            return _Found(people.found_by_name(query), mode=steps.NAMES)
        case Type.HASHTAGS:
            return _Found(tags.found_tags(query), mode=steps.NAMES)
        case Type.GROUPS:
            return _Found(
                people.named_so(query.words, most=people.CANDIDATES, kind=Kind.GROUP), mode=steps.NAMES
            )
    return _Found([], mode=steps.NAMES)


# --- what is shown of it -------------------------------------------------------------------------------------


def _read(ids: Sequence[int], *, kind: Type, viewer: Viewer, start: int, size: int) -> _Shown:
    """A page of `ids` from `start`: what `viewer` may see of them now, refilled until it is full."""
    shown = _Shown()
    index, batch = start, size + 1
    while index < len(ids):
        asked = ids[index : index + batch]
        known = _visible(kind, asked, viewer)
        for offset, ident in enumerate(asked):
            if ident not in known:
                continue
            if len(shown.items) == size:
                shown.further = index + offset
                return shown
            shown.items.append(known[ident])
        index, batch = index + batch, min(_LARGEST_BATCH, batch * 2)
    return shown


def _visible(kind: Type, ids: Sequence[int], viewer: Viewer) -> dict[int, Any]:
    match kind:
        case Type.POSTS:
            return _findable_posts(items_of(ids, viewer=viewer), viewer)
        case Type.USERS:
            return visible_people(ids, viewer=viewer)
        case Type.GROUPS:
            return seen_groups(ids, viewer=viewer)
    return dict(tags.visible_tags(ids, viewer=viewer))


def _findable_posts(items: Sequence[FeedItem], viewer: Viewer) -> dict[int, FeedItem]:
    """By id those of people whom `viewer` may find, without what they hid; a share leads to whom it shares, too."""
    items = [item for item in items if not item.is_hidden]
    authors = {item.id: {item.author.id, item.shown.author.id} for item in items}
    gone = hiding_from(viewer, {author for both in authors.values() for author in both}) if items else set()
    return {item.id: item for item in items if not authors[item.id] & gone}


def visible_people(user_ids: Iterable[int], *, viewer: Viewer) -> dict[int, PersonRow]:
    """Those who stand, have no block with `viewer`, either way, and let them find them; by id."""
    users = User.objects.standing().filter(pk__in=list(user_ids)).select_related("counts")
    found = {user.pk: user for user in users}
    relations = relations_of(viewer, found)
    return {
        ident: PersonRow(user=user, relations=relations[ident])
        for ident, user in found.items()
        if not relations[ident].blocking
        and not relations[ident].blocked_by
        and may_find(user.found_by, relations[ident])
    }


# --- suggestions ---------------------------------------------------------------------------------------------


def suggestions_for(
    text: str,
    *,
    viewer: Viewer,
    kinds: Sequence[Type] = (Type.USERS, Type.HASHTAGS),
    most: int = SUGGESTED_MOST,
) -> list[Suggestion]:
    """Up to `most` people and tags whose names begin with `text`; those whom `viewer` follows first.

    None while search is not whole, too much is going on, or it takes too long: who types goes on typing.
    """
    if overload.is_strained() or steps.search.rests:
        return []
    with (
        suppress(Refused, OperationalError, InterfaceError, DatabaseAway),
        steps.suggestions.calling(),
        in_time(steps.SUGGESTIONS_BUDGET_MS),
    ):
        return _suggest(text, viewer, kinds, most)
    return []


def _suggest(text: str, viewer: Viewer, kinds: Sequence[Type], most: int) -> list[Suggestion]:
    words = list(words_in(text.lstrip("@#")))
    if not words:
        return []
    persons: list[Suggestion] = []
    hashtags: list[Suggestion] = []
    if Type.USERS in kinds and not text.startswith("#"):
        ids = dict.fromkeys(
            [*people.followed_named_so(words, viewer=viewer, most=most), *_kept(words, Type.USERS)]
        )
        known = visible_people(list(ids)[: 2 * most], viewer=viewer)
        typed = text.lstrip("@").lower()
        users = [known[ident].user for ident in ids if ident in known]
        users.sort(key=lambda user: not user.username.lower().startswith(typed))  # what one writes after an @
        persons = [Suggestion(user=user) for user in users]
    if Type.HASHTAGS in kinds and not text.startswith("@"):
        ids = dict.fromkeys(_kept(words, Type.HASHTAGS))
        seen = tags.visible_tags(list(ids)[: 2 * most], viewer=viewer)
        hashtags = [Suggestion(hashtag=seen[ident]) for ident in ids if ident in seen]
    room = max(most // 2, most - len(hashtags))
    return [*persons[:room], *hashtags][:most]


def _kept(words: Sequence[Any], kind: Type) -> list[int]:
    """The best known whose names begin so, whoever asks."""
    number = people.PERSON if kind is Type.USERS else people.TAG
    ident = f"{number}:{Query(' '.join(word.written for word in words)).digest}"
    found: list[int] = (
        cache.NAMED.fetch(ident, lambda: people.named_so(words, most=_POOL, kind=number) or None) or []
    )
    return found
