"""The order of Explore: pure, so that its promises can be proved.

Of any first ten, seven are personal and three general, as long as there are both; three of ten have topics that are new
to the person, as long as there are such; of any `APART` posts in a row no two are by the same author.
"""

from collections.abc import Iterable
from itertools import zip_longest

from discovery.explore.candidates import PERSONAL, Candidate, Source

PERSONAL_SHARE, NEW_SHARE = 0.7, 0.3
APART = 5
MOST = 200


def mixed(candidates: Iterable[Candidate]) -> list[Candidate]:
    """`candidates`, of each source the best first, in the order of Explore; ends with authors who have to wait."""
    waiting = _in_turn(candidates)
    result: list[Candidate] = []
    personal = new = 0
    while len(result) < MOST:
        resting = {one.author_id for one in result[-(APART - 1) :]}
        free = [one for one in waiting if one.author_id not in resting]
        if not free:
            break
        wants_personal = personal < round(PERSONAL_SHARE * (len(result) + 1))
        wants_new = new < NEW_SHARE * (len(result) + 1)
        chosen = _best(free, wants_personal=wants_personal, wants_new=wants_new)
        waiting.remove(chosen)
        result.append(chosen)
        personal += chosen.source in PERSONAL
        new += chosen.is_new
    return result


def _best(free: list[Candidate], *, wants_personal: bool, wants_new: bool) -> Candidate:
    """The first that is all that is wanted; else one that is new, if that is wanted; else one of the wanted kind."""
    new = [one for one in free if one.is_new] if wants_new else free
    pool = new or free
    return next((one for one in pool if (one.source in PERSONAL) is wants_personal), pool[0])


def _in_turn(candidates: Iterable[Candidate]) -> list[Candidate]:
    """One of each source after the other, so that none waits for another's end."""
    by_source: dict[Source, list[Candidate]] = {source: [] for source in Source}
    for one in candidates:
        by_source[one.source].append(one)
    return [one for turn in zip_longest(*by_source.values()) for one in turn if one is not None]
