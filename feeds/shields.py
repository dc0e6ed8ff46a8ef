"""Each person's filters, and what they leave of a page: kept in Redis beside the timeline, compiled in the process.

What Redis has goes with the soonest end of a filter, so the database's clock says when one is over. A process compiles
what it reads once and knows it again by its bytes, so none is late after a change.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from cachebox import LRUCache, TTLCache
from django.db import connection

from feeds.cards import Card, Hydrated
from feeds.door import Facts
from feeds.filters import Action, Compiled, Phrase, Place, Verdict
from feeds.items import FeedItem, known_of
from feeds.timelines import place_of
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.redis import dumps

SPARE = 5  # more posts asked for at once where some may be hidden: mostly a page is full with one query all the same
_HERE_MOST = 1000  # people whose filters a process has compiled
FILTERS = CachePolicy(
    name="filters",
    template="filters:{id}",
    ttl=600,
    dropped_by="a change of them; it goes by itself when one of them ends",
)
NONE = Compiled(())

# What is in force of `person` by the database's clock, each with the seconds for which it will be; as JSON.
FILTERS_OF_PERSON = """(
    SELECT coalesce(json_agg(json_build_array(phrase, whole_word, action, places,
        extract(epoch FROM expires_at - clock_timestamp())) ORDER BY slot), '[]')
    FROM feeds_keywordfilter
    WHERE user_id = person.id AND (expires_at IS NULL OR expires_at > clock_timestamp())
)"""
_IN_FORCE = f"SELECT person.id, {FILTERS_OF_PERSON} FROM unnest(%(people)s::bigint[]) person(id)"
Kept = list[tuple[str, bool, str, list[str], float | None]]  # phrase, whole word, action, places, seconds
_here: LRUCache[int, tuple[bytes, dict[Place, Compiled]]] = LRUCache(_HERE_MOST)
_met: TTLCache[int, bool] = TTLCache(
    10_000, global_ttl=3600
)  # whose homes had something that they hid by hand


def key_of(user_id: int) -> str:
    """Where in Redis this person's filters are: beside their timeline."""
    return FILTERS.key(place_of(user_id))


def of(user_id: int, where: Place, *, raw: bytes | None) -> Compiled:
    """Their filters for a place; `raw` is what was found at `key_of`."""
    if raw is not None and (known := _here.get(user_id)) and known[0] == raw:
        FILTERS.reads.note(hits=1, misses=0)
        return known[1].get(where, NONE)
    kept: Kept | None = FILTERS.decode([user_id], [raw]).get(user_id)
    made = _compiled(user_id, _load([user_id])[user_id] if kept is None else kept)
    return made.get(where, NONE)


def of_people(user_ids: Iterable[int], where: Place) -> dict[int, Compiled]:
    """As `of`, of several people in one round trip; who has none for this place is missing."""
    wanted = list(dict.fromkeys(user_ids))
    found = FILTERS.get_many([place_of(user_id) for user_id in wanted])
    kept = {user_id: found.get(place_of(user_id)) for user_id in wanted}
    missing = [user_id for user_id, value in kept.items() if value is None]
    kept |= _load(missing) if missing else {}
    compiled = {user_id: _compiled(user_id, value).get(where) for user_id, value in kept.items() if value}
    return {user_id: one for user_id, one in compiled.items() if one}


def of_person(user_id: int, where: Place) -> Compiled:
    return of_people([user_id], where).get(user_id, NONE)


def kept_of(user_id: int, where: Place) -> Compiled:
    """What is at hand of them; PostgreSQL is not asked."""
    kept: Kept | None = FILTERS.get(place_of(user_id))
    if kept is not None:
        return _compiled(user_id, kept).get(where, NONE)
    known = _here.get(user_id)
    return known[1].get(where, NONE) if known else NONE


def may_hide(user_id: int) -> bool:
    """Whether some post may be kept from this person's home, as far as this process remembers."""
    known = _here.get(user_id)
    return user_id in _met or bool(known and known[1].get(Place.HOME, NONE).hides)


def note_by_hand(user_id: int) -> None:
    """A page of this person's home had something that they hid by hand."""
    _met[user_id] = True


def keep(user_id: int, kept: Kept, *, read_since: float) -> None:
    """Keep what was read of them, by the monotonic clock, since `read_since`; a drop in between stands."""
    ends = [seconds for *_filter, seconds in kept if seconds is not None]
    FILTERS.set_many({place_of(user_id): kept}, read_since=read_since, at_most=min(ends) if ends else None)


def _load(people: Collection[int]) -> dict[int, Kept]:
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE, {"people": list(people)})
        found: dict[int, Kept] = dict(cursor.fetchall())
    lasting = {user_id: kept for user_id, kept in found.items() if all(one[-1] is None for one in kept)}
    FILTERS.set_many({place_of(user_id): kept for user_id, kept in lasting.items()}, read_since=began)
    for user_id in found.keys() - lasting.keys():
        keep(user_id, found[user_id], read_since=began)
    return found


def _compiled(user_id: int, kept: Kept) -> dict[Place, Compiled]:
    raw = dumps(kept)
    known = _here.get(user_id)
    if known and known[0] == raw:
        return known[1]
    phrases = [
        (Phrase.of(text, whole_word=whole_word, action=Action(action)), places)
        for text, whole_word, action, places, _seconds in kept
    ]
    made = {
        where: Compiled(phrase for phrase, places in phrases if where in places)
        for where in Place
        if any(where in places for _phrase, places in phrases)
    }
    _here[user_id] = (raw, made)
    return made


def drop(user_id: int) -> None:
    """This person has other filters than before, if Redis answers."""
    FILTERS.drop(place_of(user_id))


def surely_drop(*user_ids: int) -> None:
    """As `drop`; raises `RedisAway`, on which a handler is tried again."""
    FILTERS.surely_drop(*map(place_of, user_ids))


def forget_here() -> None:
    """What this process remembers."""
    _here.clear()
    _met.clear()


class Shield:
    """What one person's filters leave of a list of posts, and what they hid by hand. Filters never look at their own
    posts and words.

    `hidden` are the ids of what filters kept away so far, `by_hand` of the other. `is_open`: it keeps nothing away.
    """

    def __init__(self, viewer_id: int, filters: Compiled, *, is_open: bool = False) -> None:
        self.viewer_id = viewer_id
        self.filters = filters
        self.is_open = is_open
        self.hidden: list[int] = []
        self.by_hand: list[int] = []
        self._known = Hydrated({}, {}, {})
        self._verdicts: dict[int, Verdict] = {}

    def passed(
        self, shown: Sequence[Facts], truth: Mapping[int, Facts], known: Hydrated | None = None
    ) -> list[Facts]:
        """Those of `shown` that are not hidden; `known` is what is cached of them, if somebody looked already."""
        if not self.is_open:
            self.by_hand += [fact.post_id for fact in shown if fact.is_hidden]
            shown = [fact for fact in shown if not fact.is_hidden]
        if not self.filters.hides or not shown:
            return list(shown)
        if known is None:
            known = known_of(shown, truth)
            self._known = self._known.joined(known)
        self._judge(shown, truth, known)
        away = {post_id for post_id, verdict in self._verdicts.items() if verdict.hides}
        self.hidden += [fact.post_id for fact in shown if fact.post_id in away]
        return [fact for fact in shown if fact.post_id not in away]

    def known_of(self, shown: Sequence[Facts], truth: Mapping[int, Facts]) -> Hydrated:
        """As `items.known_of`, of posts that passed; what was read for that is not read again."""
        if self.filters.hides:
            return self._known
        known = known_of(shown, truth)
        self.look_at(shown, truth, known)
        return known

    def look_at(self, shown: Sequence[Facts], truth: Mapping[int, Facts], known: Hydrated) -> None:
        """Find what is to be folded among posts of which none is hidden."""
        if self.filters and not self.filters.hides:
            self._judge(shown, truth, known)

    def marked(self, items: Iterable[FeedItem]) -> list[FeedItem]:
        """The items of what passed; those that are folded away say for which words."""
        if not self._verdicts:
            return list(items)
        return [
            replace(item, filtered=verdict.phrases) if (verdict := self._verdicts.get(item.id)) else item
            for item in items
        ]

    def _judge(self, shown: Iterable[Facts], truth: Mapping[int, Facts], known: Hydrated) -> None:
        others = [fact for fact in shown if fact.author_id != self.viewer_id]
        texts = [self._words(fact, truth, known) for fact in others]
        for fact, verdict in zip(others, self.filters.judge(texts), strict=True):
            if verdict:
                self._verdicts[fact.post_id] = verdict

    def _words(self, fact: Facts, truth: Mapping[int, Facts], known: Hydrated) -> list[str]:
        """What is read of a post: its own words and those of what it shows, as far as the viewer sees it."""
        shared = truth.get(fact.share_of_id) if fact.share_of_id else None
        quoted = truth.get(shared.share_of_id) if fact.is_share and shared and shared.share_of_id else None
        seen = [fact, *(beside for beside in (shared, quoted) if beside and beside.visible)]
        cards = [known.cards.get(one.post_id) for one in seen if one.author_id != self.viewer_id]
        return [words for card in cards if card for words in words_of(card)]


def words_in(item: FeedItem, viewer_id: int) -> list[str]:
    """What is read of a post as `viewer_id` sees it, but for their own words."""
    original = item.original
    shown = [item, original, original.original if original else None]
    return [words for one in shown if one and one.author.id != viewer_id for words in words_of(one.card)]


def words_of(card: Card) -> list[str]:
    """All that a post says: its text, its warning, the descriptions of its pictures."""
    return [card["content"], card["content_warning"], *(media["alt"] for media in card["media"])]
