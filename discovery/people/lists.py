"""Lists of people to follow as they are kept: in PostgreSQL until a newer one stands, in Redis for a day.

A list is made when somebody looks who has none or was away for long, after each follow, and every day for active
people. If that fails, the last one is served: who may be seen, and whether they are strangers, is asked each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from accounts.models import FoundBy, PersonCounts, User
from discovery.models import Interest, Source, SuggestionList
from discovery.people import numbers
from discovery.people.candidates import MILLISECONDS, find
from discovery.people.stages import is_back, stage_of
from discovery.people.topics import TOPICS
from discovery.people.variety import REPEATS, STRICT_REPEATS, varied
from socialnet.kernel import overload
from socialnet.kernel.breaker import Breaker, Refused
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.postgres import in_time, is_slow

log = structlog.get_logger(__name__)
KEPT = 30
RECOMMENDATIONS = CachePolicy(
    name="recommendations",
    template="recommendations:{id}",
    ttl=24 * 3600,
    dropped_by="follow, interests, place; a job every day",
    l1=5,
    l1_because="ids and how they were found; whether they are strangers who may be seen is asked each time",
)
POPULAR = CachePolicy(name="popular people", template="people:{id}", ttl=600, dropped_by="time")
_POPULAR_MOST = 100
_DUE = """
SELECT list.user_id FROM discovery_suggestionlist list
JOIN accounts_activity activity ON activity.user_id = list.user_id AND activity.state = 'live'
    AND activity.last_active_on > (clock_timestamp() - interval '7 days')::date
WHERE list.computed_at < clock_timestamp() - interval '1 day'
    AND (list.failed_at IS NULL OR list.failed_at < clock_timestamp() - interval '1 hour')
ORDER BY list.computed_at LIMIT %(most)s
"""
breaker = Breaker("suggestions", failures=3, pause=30, counts=is_slow)


@dataclass(frozen=True, kw_only=True)
class Suggested:
    """One row of a list, as it is kept; the meaning of its fields is that of `candidates.Candidate`."""

    id: int
    source: str
    lead: str
    through: tuple[int, ...] = ()
    many: int = 0
    is_fan: bool = False
    tag: str = ""
    tag_display: str = ""
    wrote_liked: bool = False
    is_new: bool = False
    followers: int = 0
    group_id: int = 0


def of_person(user_id: int) -> list[Suggested]:
    """The list of `user_id`, the best first; empty while too much is going on to look for anybody."""
    if overload.is_strained():
        return []
    kept = RECOMMENDATIONS.fetch(user_id, lambda: _stored_or_made(user_id))
    return [_suggested(row) for row in kept or ()]


def make(user_id: int) -> list[dict[str, Any]]:
    """Compute the list of `user_id` anew and keep it. Raises `OperationalError` when that takes too long."""
    last = SuggestionList.objects.filter(pk=user_id).first()
    now = _now()
    person = User.objects.select_related("counts").get(pk=user_id)
    computed = last.computed_at if last else None
    back_since = now if is_back(now=now, computed=computed) else last.back_since if last else None
    stage = stage_of(
        now=now,
        joined=person.created_at,
        following=person.counts.following,
        computed=computed,
        back_since=back_since,
    )
    with in_time(MILLISECONDS):
        found = find(
            user_id,
            stage=stage,
            tags=tags_of(user_id),
            popular=POPULAR.fetch("popular", popular_people),
            since=computed or now,
        )
    repeats = STRICT_REPEATS if numbers.is_low() else REPEATS
    rows = [_row(candidate, lead) for candidate, lead in varied(found, most=KEPT, repeats=repeats)]
    SuggestionList.objects.update_or_create(
        pk=user_id,
        defaults={
            "stage": stage,
            "people": rows,
            "computed_at": Now(),
            "failed_at": None,
            "back_since": back_since,
        },
    )
    RECOMMENDATIONS.replace(user_id, rows)
    return rows


def forget(*user_ids: int) -> None:
    """Let the next look make a new list: what it is made from has changed."""
    SuggestionList.objects.filter(pk__in=user_ids).delete()
    RECOMMENDATIONS.drop(*user_ids)


def tags_of(user_id: int) -> list[str]:
    """The tags of the topics that somebody chose."""
    chosen = Interest.objects.filter(user=user_id).values_list("topic", flat=True)
    return [tag for topic in chosen if topic in TOPICS for tag in TOPICS[topic].tags]


def popular_people() -> list[int]:
    """Whom most follow, of those who write for everybody."""
    people = PersonCounts.objects.filter(
        user__is_active=True,
        user__suspended_at=None,
        user__limited_at=None,
        user__found_by=FoundBy.EVERYONE,
        user__is_private=False,
        posts__gt=0,
    )
    return list(people.order_by("-followers", "pk").values_list("pk", flat=True)[:_POPULAR_MOST])


def renew(user_ids: Sequence[int]) -> int:
    """Make new lists, as far as possible; the old ones stay where it is not. Returns how many were made."""
    return sum(_renew_one(user_id) for user_id in user_ids)


def _renew_one(user_id: int) -> bool:
    made = _tried(user_id, lambda: make(user_id))
    return made is not None


def _stored_or_made(user_id: int) -> list[dict[str, Any]] | None:
    """None where there is no list and none can be made now: that is kept for seconds only."""
    last = SuggestionList.objects.filter(pk=user_id).first()
    if last is not None and not is_back(now=_now(), computed=last.computed_at):
        return list(last.people)
    made = _tried(user_id, lambda: make(user_id))
    if made is not None:
        return made
    return list(last.people) if last else None


def _tried(user_id: int, do: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]] | None:
    """What `do` made; None when it takes too long, or lately did: then nobody waits for it in vain."""
    try:
        with breaker.calling():
            return do()
    except Refused:
        return None
    except User.DoesNotExist:
        return []
    except (OperationalError, InterfaceError) as error:
        if not is_slow(error):
            raise
        log.warning("suggestions_too_slow", user_id=user_id)
        SuggestionList.objects.filter(pk=user_id).update(failed_at=Now())
        return None


def _row(candidate: Any, lead: str) -> dict[str, Any]:
    fields = Suggested.__dataclass_fields__
    known = {name: getattr(candidate, name) for name in fields if name != "lead"}
    return asdict(Suggested(**{**known, "source": str(candidate.source), "lead": lead}))


def _suggested(row: dict[str, Any]) -> Suggested:
    known = {name: value for name, value in row.items() if name in Suggested.__dataclass_fields__}
    known["through"] = tuple(known.get("through", ()))
    return Suggested(**{"lead": "", "source": Source.POPULAR.value, **known})


def due(*, most: int) -> list[int]:
    """Of the people who were here within a week, those whose list is older than a day, the oldest first; without those
    for whom it took too long within the hour, so that they keep nobody else waiting."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"most": most})
        return [row[0] for row in cursor.fetchall()]


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
