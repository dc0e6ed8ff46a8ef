"""Taking snapshots: candidates from the counters, their evidence, their scores. Everybody reads what is kept here."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from discovery.models import Trend, TrendKind, TrendSnapshot
from discovery.trends import counters, counting, evidence, scoring
from discovery.trends.counters import DAY, HOUR, What
from discovery.trends.reading import refresh
from discovery.trends.scoring import Score

CANDIDATES, KEPT = 200, 50
QUIET = 10  # fewer news than that since the last look are quiet
QUIET_SECONDS = 15 * 60
SNAPSHOT_DAYS = 7
_WINDOWS = tuple(hours * HOUR for hours in scoring.WINDOWS)
_REACTIONS = (What.LIKE, What.COMMENT, What.SHARE)


def take_snapshots(*, even_if_quiet: bool = False) -> dict[str, int]:
    """Tags and posts: how many of each trend now; nothing while it is quiet and the last snapshot is fresh enough.

    Raises `RedisAway`: then the last snapshot stands.
    """
    _see_that_counters_are_whole()
    stirred = counters.take_stirred()
    if stirred < QUIET and not even_if_quiet and _is_fresh(TrendKind.TAG, QUIET_SECONDS):
        return {}
    return {kind: _take(kind, find) for kind, find in ((TrendKind.TAG, tags), (TrendKind.POST, posts))}


def take_snapshot_of_people() -> int:
    """People over 7 days: how many trend now. Raises as `take_snapshots` does."""
    _see_that_counters_are_whole()
    return _take(TrendKind.PERSON, people)


def tags() -> dict[int, Score]:
    """Scores of the tags that trend."""
    candidates = counters.busiest(What.TAG, window=DAY, most=CANDIDATES)
    counted = counters.people(What.TAG, candidates, windows=_WINDOWS)
    return _scored(
        {
            tag_id: scoring.of_tag(found, counted[tag_id])
            for tag_id, found in evidence.of_tags(candidates).items()
        }
    )


def posts() -> dict[int, Score]:
    """Scores of the posts that trend."""
    busy = [counters.busiest(what, window=DAY, most=CANDIDATES) for what in _REACTIONS]
    candidates = list(dict.fromkeys(post_id for places in zip_places(busy) for post_id in places))
    candidates = candidates[:CANDIDATES]
    counted = {what: counters.people(what, candidates, windows=_WINDOWS) for what in _REACTIONS}
    return _scored(
        {
            post_id: scoring.of_post(found, {what: counted[what][post_id] for what in _REACTIONS})
            for post_id, found in evidence.of_posts(candidates, days=counting.POST_DAYS).items()
        }
    )


def people() -> dict[int, Score]:
    """Scores of the people who trend."""
    candidates = counters.busiest(What.PERSON, window=counting.PERSON_DAYS * DAY, most=CANDIDATES)
    return _scored(
        {user_id: scoring.of_person(found) for user_id, found in evidence.of_people(candidates).items()}
    )


def zip_places(lists: list[list[int]]) -> list[list[int]]:
    """The first of each, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    return [[one[place] for one in lists if place < len(one)] for place in range(longest)]


def _scored(scores: Mapping[int, Score | None]) -> dict[int, Score]:
    return {subject_id: score for subject_id, score in scores.items() if score}


def _see_that_counters_are_whole() -> None:
    """One counts again, however long it takes; what the others find meanwhile is not whole, and says since when."""
    if counters.are_whole():
        counters.now_whole()
    elif counters.may_count_again():
        counting.rebuild()


def _is_fresh(kind: str, seconds: int) -> bool:
    recent = TrendSnapshot.objects.filter(kind=kind, taken_at__gt=Now() - timedelta(seconds=seconds))
    return recent.exists()


def _take(kind: TrendKind, find: Callable[[], dict[int, Score]]) -> int:
    """Those that wait for a moderator are kept beside the others and take nobody's place."""
    began = time.perf_counter()
    scores = find()
    best = sorted(scores, key=lambda subject_id: (-scores[subject_id].value, -subject_id))
    kept = [one for one in best if not scores[one].is_flagged][:KEPT]
    kept += [one for one in best if scores[one].is_flagged][:KEPT]
    milliseconds = round((time.perf_counter() - began) * 1000)
    _keep(kind, [(subject_id, scores[subject_id]) for subject_id in kept], milliseconds)
    refresh(kind)
    return len(kept)


@transaction.atomic
def _keep(kind: TrendKind, scores: list[tuple[int, Score]], milliseconds: int) -> None:
    snapshot = TrendSnapshot.objects.create(kind=kind, milliseconds=milliseconds)
    Trend.objects.bulk_create(
        Trend(
            snapshot=snapshot,
            rank=rank,
            subject_id=subject_id,
            score=score.value,
            parts=score.parts,
            is_flagged=score.is_flagged,
        )
        for rank, (subject_id, score) in enumerate(scores, start=1)
    )
    old = TrendSnapshot.objects.filter(kind=kind, taken_at__lt=Now() - timedelta(days=SNAPSHOT_DAYS))
    old.exclude(pk=snapshot.pk).delete()
