"""Not ten people from one circle: a list in which most were found through something else than those before them."""

from collections import Counter
from collections.abc import Iterator, Sequence

from discovery.models import Source
from discovery.people.candidates import Candidate

WINDOW = 10  # people that are looked at together
REPEATS = (
    3  # of a window, how many may have been found through what another one was found through: 70 % differ
)
STRICT_REPEATS = 1  # while few follow whom they are shown
SAME_MOST = 2  # of a window, from the same lead


def leads_of(candidate: Candidate) -> Sequence[str]:
    """What somebody was found through, the strongest first: a person, a tag, a place, a group, the crowd."""
    match candidate.source:
        case Source.TIES if candidate.through:
            return [f"person:{bridge}" for bridge in candidate.through]
        case Source.TIES:
            return [f"fan:{candidate.id}"]
        case Source.TASTES | Source.INTERESTS if candidate.tag:
            return [f"tag:{candidate.tag}"]
        case Source.PLACE:
            return ["place"]
        case Source.GROUPS:
            return [f"group:{candidate.group_id}"]
    return [f"{candidate.source}:{candidate.id}"]


def varied(
    candidates: Sequence[Candidate], *, most: int, repeats: int = REPEATS
) -> list[tuple[Candidate, str]]:
    """Up to `most` of `candidates`, each with its lead; the order stays but for those who would be too many of a kind.

    In every `WINDOW` at most `repeats` share a lead with another one, and no more than `SAME_MOST` have the same; who
    does not fit waits for the next. Where there are too few leads those who waited follow: a full list is better.
    """
    waiting = list(candidates)
    chosen: list[tuple[Candidate, str]] = []
    while waiting and len(chosen) < most:
        window = list(_window(waiting, size=min(WINDOW, most - len(chosen)), repeats=repeats))
        if not window:
            break
        chosen += window
        taken = {candidate.id for candidate, _lead in window}
        waiting = [candidate for candidate in waiting if candidate.id not in taken]
    return chosen


def _window(candidates: Sequence[Candidate], *, size: int, repeats: int) -> Iterator[tuple[Candidate, str]]:
    used: Counter[str] = Counter()
    repeated = found = 0
    for candidate in candidates:
        if found == size:
            return
        lead = min(leads_of(candidate), key=used.__getitem__)  # of several the one that is used least
        if used[lead]:
            if repeated == repeats or used[lead] == SAME_MOST:
                continue
            repeated += 1
        used[lead] += 1
        found += 1
        yield candidate, lead
