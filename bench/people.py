"""People to follow on a real graph: a tenth of its ties is hidden, and how many of them are suggested is counted.

The product's own statement and lists against plain common neighbours, computed here in Python from the same follows.
What people of the graph write is made up, so tags and hours can only disturb: the order by ties alone is told, too.
"""

import random
import sys
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean

from django.db import connection, transaction

from accounts.models import Follow, User
from bench import town
from bench.report import Report, percentiles
from discovery.models import Stage, SuggestionList
from discovery.people import lists
from discovery.people.candidates import Candidate, find
from discovery.people.variety import leads_of, varied

SEED = 7
HIDDEN = 0.1
AT = 10
PEOPLE = 2_000  # of those who lost a tie
Ties = Mapping[int, set[int]]

_HIDE = """
WITH gone AS (
    DELETE FROM accounts_follow f USING unnest(%(ones)s::bigint[], %(others)s::bigint[]) AS hidden (one, other)
    WHERE f.follower_id = hidden.one AND f.followee_id = hidden.other
    RETURNING f.follower_id, f.followee_id
)
SELECT count(*) FROM gone
"""
# The graph has no times, and its follows are loaded by number: the newest would all be of one end of it.
_SHUFFLE = """
WITH gone AS (DELETE FROM accounts_follow RETURNING follower_id, followee_id, status, notify)
INSERT INTO accounts_follow (follower_id, followee_id, status, notify)
SELECT * FROM gone ORDER BY hashint8extended(follower_id, %(seed)s) # hashint8extended(followee_id, %(seed)s)
"""
_COUNT = """
UPDATE accounts_personcounts c SET
    followers = (SELECT count(*) FROM accounts_follow WHERE followee_id = c.user_id AND status = 'active'),
    following = (SELECT count(*) FROM accounts_follow WHERE follower_id = c.user_id AND status = 'active')
"""


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    hidden = _hide()
    ties = _ties(Follow.objects.values_list("follower_id", "followee_id").order_by("pk").iterator())
    private = set(User.objects.filter(is_private=True).values_list("pk", flat=True))
    people = random.Random(SEED).sample(sorted(hidden), min(PEOPLE, len(hidden)))
    SuggestionList.objects.all().delete()
    found, seconds = _timed(people)
    ways: dict[str, Callable[[int], Sequence[int]]] = {
        "common neighbours": lambda who: _common_neighbours(who, ties, set()),
        "common neighbours who may be named": lambda who: _common_neighbours(who, ties, private),
        "ties, as scored here": lambda who: _first_by_ties(found[who]),
        "all parts": lambda who: [one.id for one in found[who][:AT]],
        "all parts, varied (as shown)": lambda who: [one.id for one, _lead in varied(found[who], most=AT)],
    }
    for name, way in ways.items():
        precision, recall = _measure(people, hidden, way)
        report.add(
            f"{len(people):,} people, {HIDDEN:.0%} of the ties hidden: the first {AT}",
            order=name,
            **{f"precision@{AT}": f"{precision:.1%}", f"recall@{AT}": f"{recall:.1%}"},
        )
    _tell_variety(report, found)
    _tell_times(report, people, seconds)


def _hide() -> dict[int, set[int]]:
    """Take a tenth of the ties away, both ways, with their counts; who lost whom."""
    both = Follow.objects.values_list("follower_id", "followee_id")
    ties = sorted({(min(pair), max(pair)) for pair in both.iterator()})
    chosen = random.Random(SEED).sample(ties, int(len(ties) * HIDDEN))
    pairs = [*chosen, *((other, one) for one, other in chosen)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_HIDE, {"ones": [one for one, _ in pairs], "others": [other for _, other in pairs]})
        cursor.execute(_SHUFFLE, {"seed": SEED})
        cursor.execute(_COUNT)
        cursor.execute("DELETE FROM feeds_feedentry")  # what a home holds is not what is measured here
        cursor.execute("UPDATE accounts_activity SET state = 'idle'")
    hidden = _ties(pairs)
    following = set(Follow.objects.values_list("follower_id", flat=True).distinct())
    return {who: lost for who, lost in hidden.items() if who in following}


def _ties(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    ties: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        ties[one].add(other)
    return dict(ties)


def _timed(people: Sequence[int]) -> tuple[dict[int, list[Candidate]], list[float]]:
    """Candidates of each, and how long the statement took."""
    popular = lists.popular_people()
    now = datetime.now(UTC)
    found, seconds = {}, []
    for who in people:
        began = time.perf_counter()
        found[who] = find(who, stage=Stage.PERSONAL, tags=[], popular=popular, since=now)
        seconds.append(time.perf_counter() - began)
    return found, seconds


def _common_neighbours(who: int, ties: Ties, private: set[int]) -> list[int]:
    """The baseline: whom most of those follow whom one follows. Private accounts do not show each other."""
    mine = ties[who]
    shared: dict[int, int] = defaultdict(int)
    for other in mine:
        for person in ties.get(other, ()):
            if person != who and person not in mine and not (person in private and other in private):
                shared[person] += 1
    return sorted(shared, key=lambda person: (-shared[person], person))[:AT]


def _first_by_ties(found: Sequence[Candidate]) -> list[int]:
    return [one.id for one in sorted(found, key=lambda one: -one.ties)[:AT]]


def _measure(people: Sequence[int], hidden: Ties, way: Callable[[int], Sequence[int]]) -> tuple[float, float]:
    """Precision and recall, each the mean over people."""
    hits = {who: len(set(way(who)) & hidden[who]) for who in people}
    return fmean(hits[who] / AT for who in people), fmean(hits[who] / len(hidden[who]) for who in people)


def _tell_variety(report: Report, found: Mapping[int, Sequence[Candidate]]) -> None:
    """Through how many different leads the first ten were found, before and after."""

    def different(leads: Sequence[str]) -> float:
        return len(set(leads)) / len(leads) if leads else 1.0

    plain = [different([leads_of(one)[0] for one in rows[:AT]]) for rows in found.values()]
    shown = [different([lead for _one, lead in varied(rows, most=AT)]) for rows in found.values()]
    sizes = [len(varied(rows, most=AT)) for rows in found.values()]
    report.add(
        f"Different leads among the first {AT}",
        **{
            "by score alone": f"{fmean(plain):.0%}",
            "as shown": f"{fmean(shown):.0%}",
            "least, as shown": f"{min(shown):.0%}",
            "people a list, of 10": f"{fmean(sizes):.1f}",
        },
    )


def _tell_times(report: Report, people: Sequence[int], seconds: Sequence[float]) -> None:
    whole = []
    for who in people[:500]:
        began = time.perf_counter()
        lists.make(who)
        whole.append(time.perf_counter() - began)
    hubs = [person.pk for person in User.objects.select_related("counts").order_by("-counts__following")[:20]]
    _found, of_hubs = _timed(hubs)
    for name, took in (
        ("the statement", seconds),
        ("a list made and kept, as the job does", whole),
        ("the statement, of the 20 who follow most", of_hubs),
    ):
        p50, p95 = percentiles(took, 50, 95)
        report.add(
            "Per person, ms",
            what=name,
            people=len(took),
            p50=1000 * p50,
            p95=1000 * p95,
            max=1000 * max(took),
        )
