"""What comes of suggestions, counted per source and day: shown, followed, dismissed, and through how many leads.

Redis counts, a job writes it down (`discovery_suggestionday`); what Redis loses in between is lost, for these are
figures, not facts. A person counts as shown to another once a day, and a follow counts if they were shown the same day
or the day before, by whatever button it was done.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cachebox import TTLCache
from django.db import connection
from django.utils import timezone

from discovery.models import Source, SuggestionDay
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door

LOW, AIM = 0.05, (0.08, 0.12)  # of the shown, how many are followed
ENOUGH_SHOWN = 200  # in a week: with fewer the rate says nothing
DIFFERENT = 0.7  # of the shown, how many shall have a lead of their own
LOOK_BACK = timedelta(days=7)
COUNTED = ("shown", "leads", "followed", "dismissed")
RATE = CachePolicy(name="follow rate of suggestions", template="suggested:{id}", ttl=3600, dropped_by="time")
_KEPT_SECONDS = 3 * 24 * 3600
_noted: TTLCache[Any, bool] = TTLCache(10_000, global_ttl=600.0)

_WRITE = """
INSERT INTO discovery_suggestionday AS told (day, source, shown, leads, followed, dismissed)
VALUES (%(day)s, %(source)s, %(shown)s, %(leads)s, %(followed)s, %(dismissed)s)
ON CONFLICT (day, source) DO UPDATE SET
    shown = greatest(told.shown, excluded.shown), leads = greatest(told.leads, excluded.leads),
    followed = greatest(told.followed, excluded.followed), dismissed = greatest(told.dismissed, excluded.dismissed)
"""


@dataclass(frozen=True)
class Sums:
    shown: int = 0
    leads: int = 0
    followed: int = 0
    dismissed: int = 0

    @property
    def follow_rate(self) -> float | None:
        """None where so few were shown that it says nothing."""
        return self.followed / self.shown if self.shown >= ENOUGH_SHOWN else None

    @property
    def different(self) -> float | None:
        """Of the shown, the share of different leads; None where nobody was shown."""
        return self.leads / self.shown if self.shown else None

    @property
    def is_low(self) -> bool:
        return self.follow_rate is not None and self.follow_rate < LOW


def note_shown(viewer_id: int, shown: Iterable[tuple[int, str, str]]) -> None:
    """That `viewer_id` saw people (id, source, lead); each is counted once a day, and so is each lead."""
    day = timezone.now().date()
    people = [one for one in shown if (day, viewer_id, one[0]) not in _noted]
    if not people:
        return
    with suppress(RedisAway):
        key = _seen(viewer_id, day)
        with door() as client, client.pipeline(transaction=False) as pipe:
            for ident, source, lead in people:
                pipe.hsetnx(key, f"p:{ident}", source)
                pipe.hsetnx(key, f"l:{lead}", source)
            pipe.expire(key, _KEPT_SECONDS)
            first = pipe.execute()
        counted = [
            (source, name)
            for place, (_id, source, _lead) in enumerate(people)
            for name, is_first in zip(("shown", "leads"), first[2 * place : 2 * place + 2], strict=True)
            if is_first
        ]
        _count(day, counted)
        for ident, _source, _lead in people:
            _noted[(day, viewer_id, ident)] = True


def note_outcome(viewer_id: int, person_id: int, name: str) -> None:
    """That who was shown lately was `followed` or `dismissed`; whatever happens twice counts once."""
    today = timezone.now().date()
    with suppress(RedisAway):
        for day in (today, today - timedelta(days=1)):
            with door() as client:
                source = _text(client.hget(_seen(viewer_id, day), f"p:{person_id}"))
                is_first = source and client.hsetnx(_seen(viewer_id, day), f"{name}:{person_id}", "1")
            if source:
                if is_first:
                    _count(day, [(source, name)])
                return


def write_down() -> None:
    """Keep what was counted today and yesterday; it may be written twice."""
    today = timezone.now().date()
    for day in (today - timedelta(days=1), today):
        with door() as client:
            counted = {_text(key): int(value) for key, value in client.hgetall(_tally(day)).items()}
        for source in {key.partition(":")[0] for key in counted} & set(Source.values):
            sums = {name: counted.get(f"{source}:{name}", 0) for name in COUNTED}
            with connection.cursor() as cursor:
                cursor.execute(_WRITE, {"day": day, "source": source, **sums})


def last_days() -> Sums:
    """Of all sources, the last week."""
    since = timezone.now().date() - LOOK_BACK
    rows = SuggestionDay.objects.filter(day__gt=since).values_list(*COUNTED)
    return Sums(*(sum(column) for column in zip(*rows, strict=True)))


def is_low() -> bool:
    """Whether so few follow whom they are shown that lists shall be more varied. Up to an hour old."""
    kept: Any = RATE.fetch("low", lambda: {"is_low": last_days().is_low})
    return bool(kept and kept["is_low"])


def _count(day: date, counted: list[tuple[str, str]]) -> None:
    if not counted:
        return
    with door() as client, client.pipeline(transaction=False) as pipe:
        for source, name in counted:
            pipe.hincrby(_tally(day), f"{source}:{name}", 1)
        pipe.expire(_tally(day), _KEPT_SECONDS)
        pipe.execute()


def forget_people(user_ids: Iterable[int]) -> None:
    """Whom these people were shown; raises `RedisAway`."""
    days = [timezone.now().date() - timedelta(days=ago) for ago in range(_KEPT_SECONDS // (24 * 3600) + 1)]
    if keys := [_seen(user_id, day) for user_id in user_ids for day in days]:
        with door() as client:
            client.delete(*keys)


def _text(raw: bytes | str | None) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw or ""


def _seen(viewer_id: int, day: date) -> str:
    return f"suggested:{viewer_id}:{day:%Y%m%d}:v1"


def _tally(day: date) -> str:
    return f"suggested:all:{day:%Y%m%d}:v1"


def forget_noted_here() -> None:
    """What this process remembers of whom it counted."""
    _noted.clear()
