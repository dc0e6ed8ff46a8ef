"""What the evidence is worth: pure functions, so that what the help page says of them can be proved.

A score is how quickly people with weight come, times what speaks for and against it; its parts are kept with it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from statistics import fmean, pstdev
from typing import Any

from discovery.trends.evidence import Deed, Evidence, Person
from socialnet.outbox.ids import SEQUENCE_BITS

WINDOWS = {1: 0.5, 6: 0.3, 24: 0.2}  # hours, and how much what happened in them counts
SPIKES = {1: 10, 6: 5, 24: 3}  # times the usual from which a window is a spike
BASELINE_LEAST = 0.1  # people an hour: what is usual for a tag that nobody used
TAG_HALF_LIFE_HOURS = 2  # since it was used last
POST_HALF_LIFE_HOURS = 12
PERSON_HALF_LIFE_DAYS = 2
REACTIONS = {"like": 0.3, "comment": 0.4 * 1.5, "share": 0.5 * 2}
FOLLOW, REACTION = 1.0, 0.5  # of somebody new who follows a person, or does something with their posts
INFLUENCE = 0.2

PEOPLE_LEAST = 3
NEW_DAYS, YOUNG_DAYS, KNOWN_BY = 7, 30, 3
NEW_WEIGHT, YOUNG_WEIGHT, UNKNOWN_WEIGHT = 0.05, 0.5, 0.5
FLAGGED_SHARE = 0.8  # of people who are new here
ALIKE_LEAST, ALIKE_SHARE = 3, 0.3
EVEN_LEAST, EVEN_SPREAD = 10, 0.3
SLEEPERS_SHARE = 0.5
PLACE_LEAST, PLACE_SHARE = 5, 0.8
DAMPED_MOST = 0.1  # what is left at least, of each reason
_HOUR = (3600 * 1000) << SEQUENCE_BITS


@dataclass(frozen=True)
class Score:
    """`is_flagged`: more than `FLAGGED_SHARE` of the people are new here."""

    value: float
    parts: dict[str, Any]
    is_flagged: bool


def weight_of(person: Person) -> float:
    """What one person counts: little in the first week, half in the first month, half while hardly anybody follows."""
    if person.age_days < NEW_DAYS:
        return NEW_WEIGHT
    age = YOUNG_WEIGHT if person.age_days < YOUNG_DAYS else 1.0
    return age * (1.0 if person.followers >= KNOWN_BY else UNKNOWN_WEIGHT)


def of_tag(evidence: Evidence, counted: Sequence[int]) -> Score | None:
    """None for what does not trend: fewer than `PEOPLE_LEAST` people, or in no window a spike.

    `counted` is how many people the counters saw in each window: where they saw fewer than the evidence, they count,
    and where the evidence ends at its limit, they say how many more there were.
    """
    people = _people_in(evidence.deeds, evidence.now)
    if len(people[24]) < PEOPLE_LEAST:
        return None
    usual = max(evidence.baseline, BASELINE_LEAST)
    windows, heat, is_spike = {}, 0.0, False
    for (hours, share), seen in zip(WINDOWS.items(), counted, strict=True):
        many = _how_many(len(people[hours]), seen, is_cut="use" in evidence.cut)
        weighted = many * _mean_weight(people[hours], evidence.people)
        times = weighted / hours / usual
        is_spike |= times >= SPIKES[hours]
        heat += share * weighted / hours * min(times / SPIKES[hours], 1)
        windows[str(hours)] = {"people": many, "weighted": round(weighted, 2), "times_usual": round(times, 1)}
    if not is_spike:
        return None
    idle = (evidence.now - max(deed.at for deed in evidence.deeds)) / _HOUR
    parts = {
        "windows": windows,
        "usual_per_hour": round(usual, 2),
        "heat": round(heat, 4),
        "decay": round(0.5 ** (max(idle, 0) / TAG_HALF_LIFE_HOURS), 4),
    }
    return _score(heat * parts["decay"], parts, evidence)


def of_post(evidence: Evidence, counted: Mapping[str, Sequence[int]]) -> Score | None:
    """None when fewer than `PEOPLE_LEAST` others did something with it. `counted`, by reaction, as in `of_tag`."""
    everybody = _people_in(evidence.deeds, evidence.now)
    if len(everybody[24]) < PEOPLE_LEAST:
        return None
    speed, velocities = 0.0, {}
    for act, factor in REACTIONS.items():
        deeds = [deed for deed in evidence.deeds if deed.act == act]
        people = _people_in(deeds, evidence.now)
        velocity = 0.0
        for (hours, share), seen in zip(WINDOWS.items(), counted[act], strict=True):
            many = _how_many(len(people[hours]), seen, is_cut=act in evidence.cut)
            velocity += share * many * _mean_weight(people[hours], evidence.people) / hours
        velocities[act] = round(velocity, 3)
        speed += factor * velocity
    parts: dict[str, Any] = {
        "windows": {str(hours): {"people": len(everybody[hours])} for hours in WINDOWS},
        "velocities": velocities,
        "influence": round(1 + INFLUENCE * log10(1 + evidence.followers), 3),
        "decay": round(0.5 ** ((evidence.now - evidence.subject_at) / _HOUR / POST_HALF_LIFE_HOURS), 4),
    }
    return _score(speed * parts["influence"] * parts["decay"], parts, evidence)


def of_person(evidence: Evidence) -> Score | None:
    """None for whom fewer than `PEOPLE_LEAST` others came to follow or did something with."""
    newest: dict[tuple[bool, int], int] = {}
    for deed in evidence.deeds:
        key = (deed.act == "follow", deed.person_id)
        newest[key] = max(newest.get(key, 0), deed.at)
    followers = {person_id for is_follow, person_id in newest if is_follow}
    others = {person_id for is_follow, person_id in newest if not is_follow}
    if len(followers | others) < PEOPLE_LEAST:
        return None
    value = sum(
        (FOLLOW if is_follow else REACTION)
        * weight_of(evidence.people[person_id])
        * 0.5 ** ((evidence.now - at) / _HOUR / 24 / PERSON_HALF_LIFE_DAYS)
        for (is_follow, person_id), at in newest.items()
    )
    return _score(value, {"new_followers": len(followers), "people": len(others)}, evidence)


def damping(deeds: Sequence[Deed], people: Mapping[int, Person]) -> dict[str, float]:
    """What speaks against it, each as what is left of the score: 1 for nothing."""
    return {
        "identical_texts": _of_alike(deeds),
        "uniform_timing": _of_even(deeds),
        "sleeping_accounts": _of_sleepers(deeds, people),
        "one_place": _of_one_place(deeds, people),
    }


def _score(value: float, parts: dict[str, Any], evidence: Evidence) -> Score:
    who = {deed.person_id for deed in evidence.deeds}
    new = sum(evidence.people[person_id].age_days < NEW_DAYS for person_id in who) / len(who)
    damped = damping(evidence.deeds, evidence.people)
    for left in damped.values():
        value *= left
    parts |= {
        "mean_weight": round(_mean_weight(who, evidence.people), 3),
        "new_accounts": round(new, 3),
        "damped": {reason: round(left, 3) for reason, left in damped.items()},
    }
    return Score(round(value, 6), parts, is_flagged=new > FLAGGED_SHARE)


def _people_in(deeds: Iterable[Deed], now: int) -> dict[int, set[int]]:
    """Who did something in each window, by its hours."""
    found: dict[int, set[int]] = {hours: set() for hours in WINDOWS}
    for deed in deeds:
        for hours, people in found.items():
            if deed.at > now - hours * _HOUR:
                people.add(deed.person_id)
    return found


def _how_many(known: int, seen: int, *, is_cut: bool) -> int:
    """Of the people that are known and those that were counted; evidence that ends at its limit knows not all."""
    return max(known, seen) if is_cut else min(known, seen)


def _mean_weight(who: Collection[int], people: Mapping[int, Person]) -> float:
    return fmean(weight_of(people[person_id]) for person_id in who) if who else 0.0


def _of_alike(deeds: Sequence[Deed]) -> float:
    """Several people say the same: tags, names, addresses, digits and signs aside."""
    who_said: dict[str, set[int]] = defaultdict(set)
    for deed in deeds:
        if deed.text:
            who_said[deed.text].add(deed.person_id)
    alike = {text for text, who in who_said.items() if len(who) >= ALIKE_LEAST}
    share = sum(deed.text in alike for deed in deeds) / max(1, len(deeds))
    return max(DAMPED_MOST, 1 - share) if share > ALIKE_SHARE else 1.0


def _of_even(deeds: Sequence[Deed]) -> float:
    """As if a clock made them: the pauses between the deeds differ by less than `EVEN_SPREAD` of their mean."""
    times = sorted(deed.at >> SEQUENCE_BITS for deed in deeds)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    if len(deeds) < EVEN_LEAST or not any(pauses):
        return 1.0
    spread = pstdev(pauses) / fmean(pauses)
    return max(DAMPED_MOST, spread) if spread < EVEN_SPREAD else 1.0


def _of_sleepers(deeds: Sequence[Deed], people: Mapping[int, Person]) -> float:
    """More than half of them are not new, and yet did nothing for a month before."""
    who = {deed.person_id for deed in deeds}
    slept = sum(people[one].has_slept and people[one].age_days >= YOUNG_DAYS for one in who)
    share = slept / max(1, len(who))
    return max(DAMPED_MOST, 1 - share) if share > SLEEPERS_SHARE else 1.0


def _of_one_place(deeds: Sequence[Deed], people: Mapping[int, Person]) -> float:
    """Nearly all of them say that they live in the same place."""
    who = {deed.person_id for deed in deeds}
    places = Counter(people[one].place for one in who if people[one].place)
    many = max(places.values(), default=0)
    is_cluster = many >= PLACE_LEAST and many > PLACE_SHARE * len(who)
    return 0.5 if is_cluster else 1.0
