"""The order of the mode Top: pure functions, so that what the help page says of them can be proved.

score = (FLOOR + affinity) × (1 + log₁₀(1 + reactions)) × ½^(age / HALF_LIFE_HOURS), where reactions are the likes,
comments and shares, each with its weight. All ages grow alike, so the order does not depend on the moment at which it
is made: no clock is asked, and age is counted from the epoch of ids.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import log2, log10

from socialnet.outbox.ids import SEQUENCE_BITS

FLOOR = 0.25  # the part of somebody with whom the person has done nothing yet; the closest author has 1 more
LIKE, COMMENT, SHARE = 1, 2, 3
HALF_LIFE_HOURS = 24
APART = 3  # an author has at most every third place
_HALF_LIFE = (HALF_LIFE_HOURS * 3600 * 1000) << SEQUENCE_BITS  # in ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is weighed of a post; its id tells when it came."""

    post_id: int
    author_id: int
    affinity: float = 0.0
    likes: int = 0
    comments: int = 0
    shares: int = 0


def liveliness(reactions: int) -> float:
    """What the reactions to a post make of it: ten times as many count one more."""
    return 1 + log10(1 + reactions)


def score(candidate: Candidate) -> float:
    """The logarithm (to base 2) of the formula above: the same order, without numbers that vanish with age."""
    reactions = LIKE * candidate.likes + COMMENT * candidate.comments + SHARE * candidate.shares
    weight = (FLOOR + candidate.affinity) * liveliness(reactions)
    return log2(weight) + candidate.post_id / _HALF_LIFE


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """`candidates` in the order of Top: the same ones always in the same order."""
    return spread(sorted(candidates, key=lambda one: (score(one), one.post_id), reverse=True))


def spread(best_first: Sequence[Candidate]) -> list[Candidate]:
    """The same in nearly the same order: an author has one of any `APART` places, as long as there are others."""
    waiting: dict[int, deque[int]] = defaultdict(deque)  # places in `best_first`, by author
    for place, candidate in enumerate(best_first):
        waiting[candidate.author_id].append(place)
    ready: list[tuple[int, int]] = []  # each author's best, while the author may be next
    for author_id, places in waiting.items():
        heappush(ready, (places.popleft(), author_id))
    resting: deque[tuple[int, int]] = deque()  # from which place on an author may be next
    result: list[Candidate] = []
    while ready or resting:
        while resting and (resting[0][0] <= len(result) or not ready):
            author_id = resting.popleft()[1]
            heappush(ready, (waiting[author_id].popleft(), author_id))
        place, author_id = heappop(ready)
        result.append(best_first[place])
        if waiting[author_id]:
            resting.append((len(result) + APART - 1, author_id))
    return result
