"""How much is searched, how often nothing is found, and which place of a list is opened; never who asked for what.

Counted in Redis, a job takes the counts into PostgreSQL. What was asked for is known by a keyed digest alone until
`PEOPLE_LEAST` people asked for it on the same day; only then its words are written down, without anybody's name.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2s

from django.conf import settings
from django.db import connection, transaction

from accounts.models import Viewer
from discovery.models.searches import WORDS_MOST
from discovery.search.query import Query
from discovery.search.words import folded
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door

PEOPLE_LEAST = 10
_SECONDS = 3 * 24 * 3600
_COUNTED = ("searches", "empty", "clicks", "ranks")
_TAKE = """
INSERT INTO discovery_searchday (day, kind, searches, empty, clicks, ranks) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (day, kind) DO UPDATE SET searches = discovery_searchday.searches + excluded.searches,
    empty = discovery_searchday.empty + excluded.empty, clicks = discovery_searchday.clicks + excluded.clicks,
    ranks = discovery_searchday.ranks + excluded.ranks
"""
_POPULAR = """
INSERT INTO discovery_popularsearch (day, words, people) VALUES (%s, %s, %s)
ON CONFLICT (day, words) DO UPDATE SET people = greatest(discovery_popularsearch.people, excluded.people)
"""


def count_search(query: Query, *, kind: str, viewer: Viewer, found: bool) -> None:
    """One search for things of a kind. Without Redis nothing is counted."""
    day = _today()
    with suppress(RedisAway), door() as client, client.pipeline(transaction=False) as pipe:
        pipe.hincrby(_counts(day), f"{kind}:searches", 1)
        if not found:
            pipe.hincrby(_counts(day), f"{kind}:empty", 1)
        pipe.expire(_counts(day), _SECONDS)
        words = folded(query.text)
        if not viewer.is_authenticated or not query.phrases or not found or len(words) > WORDS_MOST:
            pipe.execute()
            return
        askers = f"searched_by:{day}:{_digest(f'{day} {words}')}"
        pipe.pfadd(askers, _digest(f"{day} {viewer.pk} {words}"))
        pipe.expire(askers, _SECONDS)
        pipe.pfcount(askers)
        people = pipe.execute()[-1]
        if people >= PEOPLE_LEAST:
            client.hset(_words(day), words, people)
            client.expire(_words(day), _SECONDS)


def count_click(*, kind: str, rank: int) -> None:
    """Somebody opened what stood at place `rank`, from 1."""
    day = _today()
    with suppress(RedisAway), door() as client, client.pipeline(transaction=False) as pipe:
        pipe.hincrby(_counts(day), f"{kind}:clicks", 1)
        pipe.hincrby(_counts(day), f"{kind}:ranks", rank)
        pipe.expire(_counts(day), _SECONDS)
        pipe.execute()


def keep_counts() -> int:
    """Take what was counted of today and yesterday into PostgreSQL; returns how many searches that were."""
    return sum(_keep(_today() - timedelta(days=ago)) for ago in (1, 0))


def _keep(day: date) -> int:
    with door() as client:
        with client.pipeline(transaction=True) as pipe:  # two that run at once do not count twice
            pipe.hgetall(_counts(day))
            pipe.delete(_counts(day))
            counted = {_text(name): int(number) for name, number in pipe.execute()[0].items()}
        popular = client.hgetall(_words(day))
    kinds = {name.partition(":")[0] for name in counted}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for kind in sorted(kinds):
                cursor.execute(_TAKE, [day, kind, *(counted.get(f"{kind}:{what}", 0) for what in _COUNTED)])
            for words, people in sorted((_text(words), int(people)) for words, people in popular.items()):
                cursor.execute(_POPULAR, [day, words, people])
    except Exception:
        _put_back(day, counted)
        raise
    return sum(counted.get(f"{kind}:searches", 0) for kind in kinds)


def _put_back(day: date, counted: Mapping[str, int]) -> None:
    with door() as client, client.pipeline(transaction=True) as pipe:
        for name, number in counted.items():
            pipe.hincrby(_counts(day), name, number)
        pipe.expire(_counts(day), _SECONDS)
        pipe.execute()


def _text(raw: bytes | str) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw


def _today() -> date:
    return datetime.now(UTC).date()


def _counts(day: date) -> str:
    return f"searches:{day}"


def _words(day: date) -> str:
    return f"searched_words:{day}"


def _digest(text: str) -> str:
    return blake2s(text.encode(), key=settings.SECRET_KEY.encode()[:32], digest_size=12).hexdigest()
