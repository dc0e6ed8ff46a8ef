"""What evidence is worth: the formulas that the help page promises."""

from typing import Any

import pytest

from discovery.trends import scoring
from discovery.trends.evidence import Deed, Evidence, Person, said

NOW = 10**15
MINUTE = (60 * 1000) << 12
KNOWN = Person(age_days=365, followers=10)


def evidence(deeds: list[Deed], person: Person = KNOWN, **fields: Any) -> Evidence:
    return Evidence(NOW, deeds, {deed.person_id: person for deed in deeds}, **fields)


def uses(many: int, *, minutes: float = 50, text: str = "") -> list[Deed]:
    """At uneven moments of the last minutes."""
    return [
        Deed("use", number, NOW - int(minutes * MINUTE * (number * 37 % 101 / 101) ** 2) - MINUTE, text)
        for number in range(many)
    ]


def tag(deeds: list[Deed], person: Person = KNOWN, **fields: Any) -> scoring.Score | None:
    return scoring.of_tag(evidence(deeds, person, **fields), (10**6,) * 3)


@pytest.mark.parametrize(
    ("person", "weight"),
    [
        (Person(age_days=1, followers=10), 0.05),
        (Person(age_days=8, followers=10), 0.5),
        (Person(age_days=8), 0.25),
        (Person(age_days=31), 0.5),
        (Person(age_days=31, followers=3), 1.0),
    ],
)
def test_what_one_person_counts(person: Person, weight: float) -> None:
    assert scoring.weight_of(person) == weight


def test_the_windows_add_up_as_promised() -> None:
    score = tag(uses(6))
    assert score
    # all six in each window; the lift is 1 where it is a spike, and in the last day 2.5 of 3
    assert score.parts["heat"] == pytest.approx(0.5 * 6 + 0.3 * 1 + 0.2 * 6 / 24 * (2.5 / 3), abs=1e-3)


def test_what_is_usual_for_a_tag_is_its_own_measure() -> None:
    assert tag(uses(20)).value > tag(uses(20), baseline=2.0).value  # type: ignore[union-attr]
    assert tag(uses(20), baseline=2.0) and tag(uses(20), baseline=2.1) is None


def test_it_fades_when_nobody_uses_it() -> None:
    now, later = tag(uses(20)), tag([Deed("use", one.person_id, one.at - 120 * MINUTE) for one in uses(20)])
    assert now and later and later.value < now.value / 2


def test_the_same_words_of_several_people_are_damped() -> None:
    words = said("Buy this wonderful thing today! #now")
    assert tag(uses(20, text=words)).parts["damped"]["identical_texts"] == 0.1  # type: ignore[union-attr]
    assert tag(uses(20)).parts["damped"]["identical_texts"] == 1  # type: ignore[union-attr]
    assert said("BUY this wonderful thing today 123 https://a.example #other @ada") == words


def test_as_if_by_a_clock_is_damped() -> None:
    clock = [Deed("use", number, NOW - number * 3 * MINUTE) for number in range(15)]
    damped = tag(clock)
    assert damped and damped.parts["damped"]["uniform_timing"] == 0.1
    assert tag(uses(15)).parts["damped"]["uniform_timing"] == 1  # type: ignore[union-attr]


def test_accounts_that_slept_and_one_place_are_damped() -> None:
    slept = tag(uses(10), Person(age_days=365, followers=10, has_slept=True))
    placed = tag(uses(10), Person(age_days=365, followers=10, place="springfield"))
    assert slept and slept.parts["damped"]["sleeping_accounts"] == 0.1
    assert placed and placed.parts["damped"]["one_place"] == 0.5


def test_mostly_new_accounts_wait_for_a_moderator() -> None:
    new = tag(uses(100), Person(age_days=2))
    assert new and new.is_flagged and new.parts["mean_weight"] == 0.05


def test_counters_correct_evidence_only_downwards_unless_it_ends_at_its_limit() -> None:
    found = evidence(uses(20))
    fewer, more = scoring.of_tag(found, (5, 5, 5)), scoring.of_tag(found, (500, 500, 500))
    cut = scoring.of_tag(evidence(uses(20), cut=frozenset({"use"})), (500, 500, 500))
    people = [score.parts["windows"]["1"]["people"] for score in (fewer, more, cut) if score]
    assert people == [5, 20, 500]


def test_influence_is_logarithmic() -> None:
    likes = [Deed("like", one.person_id, one.at) for one in uses(5)]
    few, many = (
        scoring.of_post(
            evidence(likes, followers=followers, subject_at=NOW),
            dict.fromkeys(scoring.REACTIONS, (9, 9, 9)),
        )
        for followers in (0, 999)
    )
    assert few and many and many.value == pytest.approx(few.value * 1.6, rel=1e-3)
