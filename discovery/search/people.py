"""People by their names, by the beginnings of these, by what they say of themselves, and past a slip of the finger."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from accounts.models import User, Viewer
from discovery.models import Kind
from discovery.search import ranking, slips
from discovery.search.query import Query, as_prefixes, as_tsquery, as_unwanted
from discovery.search.words import Word, folded, name_words

PERSON, TAG = Kind.PERSON.value, Kind.TAG.value
CANDIDATES = 200
FEW = 3  # found as they were asked for: then a slip of the finger is thought of
TIED = 20  # of the best, whose ties to the viewer are looked up

PUBLIC = "ABC"  # weights of what everybody may read of everybody: without D, the place
# What is written of a place is for those who may see the whole profile: it finds nobody with a private account.
_FOUND = f"""
SELECT found.object_id, u.username, u.display_name, found.standing,
    ts_rank('{ranking.WEIGHTS_OF_PEOPLE}', found.words, %(words)s::tsquery), found.is_named
FROM (
    (SELECT d.object_id, d.words, d.standing, true AS is_named FROM discovery_searchdocument d
    WHERE d.kind = 1 AND d.names @@ %(names)s::tsquery ORDER BY d.standing DESC, d.object_id DESC LIMIT %(most)s)
    UNION ALL
    (SELECT d.object_id, d.words, d.standing, false FROM discovery_searchdocument d
    WHERE d.kind = 1 AND d.words @@ %(words)s::tsquery ORDER BY d.standing DESC, d.object_id DESC LIMIT %(most)s)
) found
JOIN accounts_user u ON u.id = found.object_id AND u.is_active AND u.suspended_at IS NULL
WHERE (found.is_named OR NOT u.is_private OR found.words @@ %(public)s::tsquery) {{unwanted}}
"""
_ALIKE = """
SELECT d.object_id, u.username, u.display_name, d.standing FROM discovery_searchdocument d
JOIN accounts_user u ON u.id = d.object_id AND u.is_active AND u.suspended_at IS NULL
WHERE d.kind = 1 AND {shared} ORDER BY d.standing DESC, d.object_id DESC LIMIT %(most)s
"""
_NAMED = """
SELECT object_id FROM discovery_searchdocument d WHERE d.kind = {kind} AND d.names @@ %(names)s::tsquery
ORDER BY d.standing DESC, d.object_id DESC LIMIT %(most)s
"""
_FOLLOWED_NAMED = """
SELECT d.object_id FROM accounts_follow f JOIN discovery_searchdocument d ON d.kind = 1 AND d.object_id = f.followee_id
WHERE f.follower_id = %(viewer)s AND f.status = 'active' AND d.names @@ %(names)s::tsquery
ORDER BY d.standing DESC, d.object_id DESC LIMIT %(most)s
"""
_FOLLOWED = """
SELECT followee_id FROM accounts_follow
WHERE follower_id = %(viewer)s AND followee_id = ANY(%(ids)s) AND status = 'active'
"""
_MUTUAL = """
SELECT followee_id, count(*) FROM accounts_follow
WHERE followee_id = ANY(%(ids)s) AND status = 'active' AND follower_id IN (
    SELECT followee_id FROM accounts_follow WHERE follower_id = %(viewer)s AND status = 'active')
GROUP BY followee_id
"""


@dataclass
class Found:
    """Ids, the best first; and whether nobody was found as they were asked for, all only past a slip."""

    ids: list[int] = field(default_factory=list)
    is_alike: bool = False


@dataclass
class _Person:
    user_id: int
    username: str
    display_name: str
    standing: int
    relevance: float
    way: int
    follows: bool = False
    mutual: int = 0

    @property
    def score(self) -> float:
        return ranking.person_score(
            relevance=self.relevance, standing=self.standing, follows=self.follows, mutual=self.mutual
        )

    @property
    def order(self) -> tuple[float, float, int]:
        return -self.way, -self.score, self.user_id


def found_people(query: Query, *, viewer_id: int | None, languages: Sequence[str]) -> Found:
    """Who matches all of the words. What narrows posts (a tag, a day) finds nobody."""
    if not query.phrases or query.has_filters:
        return Found()
    found = _as_written(query, languages)
    is_alike = not found
    if len(found) < FEW:
        found += _alike(query.words, known={person.user_id for person in found})
    return Found(_in_order(found, viewer_id), is_alike)


def meant_with(query: Query, person: User) -> str:
    """What was asked for, as it stands in the names of `person`, who is shown for it."""
    names = name_words(person.display_name, person.username)
    asked = [word.forms[-1] for word in query.words if word.forms]
    return " ".join(next((name for name in names if slips.is_slip(word, name)), word) for word in asked)


def found_by_name(query: Query, *, most: int = CANDIDATES) -> list[int]:
    """Whose names begin so, the best known first: what can be told when the rest takes too long."""
    if not query.phrases or query.has_filters:
        return []
    return named_so(query.words, most=most)


def named_so(words: Sequence[Word], *, most: int, kind: int = PERSON) -> list[int]:
    """People, or tags, whose names have all of these words, the last of which may go on."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED.format(kind=kind), {"names": as_prefixes(words), "most": most})
        return [row[0] for row in cursor.fetchall()]


def followed_named_so(words: Sequence[Word], *, viewer: Viewer, most: int) -> list[int]:
    """As `named_so`, of those whom `viewer` follows."""
    if not viewer.is_authenticated:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWED_NAMED, {"viewer": viewer.pk, "names": as_prefixes(words), "most": most})
        return [row[0] for row in cursor.fetchall()]


def _as_written(query: Query, languages: Sequence[str]) -> list[_Person]:
    typed = folded(query.text).removeprefix("@")
    unwanted = as_unwanted(query, weights=PUBLIC)
    params: dict[str, Any] = {
        "words": as_tsquery(query, languages=languages),
        "public": as_tsquery(query, languages=languages, weights=PUBLIC),
        "names": as_prefixes(query.words),
        "unwanted": unwanted,
        "most": CANDIDATES,
    }
    statement = _FOUND.replace("{unwanted}", "AND found.words @@ %(unwanted)s::tsquery" if unwanted else "")
    found: dict[int, _Person] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        for user_id, username, name, standing, relevance, is_named in cursor.fetchall():
            is_exact = typed in (username.lower(), folded(name))
            way = ranking.EXACT if is_exact else ranking.NAMED if is_named else ranking.DESCRIBED
            if user_id not in found or way > found[user_id].way:
                found[user_id] = _Person(user_id, username, name, standing, relevance, way)
    if not unwanted:
        _add_exact(typed, found)
    return list(found.values())


def _add_exact(typed: str, found: dict[int, _Person]) -> None:
    """Who is called just so is there, however many are called similarly."""
    person = User.objects.standing().named(typed).first()
    if person is not None and person.pk not in found:
        found[person.pk] = _Person(person.pk, person.username, person.display_name, 0, 1.0, ranking.EXACT)


def _alike(words: Sequence[Word], *, known: set[int]) -> list[_Person]:
    """Those in whose names every word is, past one slip in each."""
    asked = [word.forms[-1] for word in words if word.forms]
    numbers = {
        f"slips_{place}": sorted(slips.forms(word))
        for place, word in enumerate(asked)
        if slips.TYPED_LEAST <= len(word) <= slips.LONGEST
    }
    if not numbers or len(asked) < len(words):
        return []
    shared = " AND ".join(f"d.slips && %({name})s::int[]" for name in numbers)
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE.format(shared=shared), {**numbers, "most": CANDIDATES})
        rows = cursor.fetchall()
    return [
        _Person(user_id, username, name, standing, 0.0, ranking.ALIKE)
        for user_id, username, name, standing in rows
        if user_id not in known and _is_alike(asked, name_words(username, name))
    ]


def _is_alike(asked: Sequence[str], names: Sequence[str]) -> bool:
    return all(any(slips.is_slip(word, name) or name.startswith(word) for name in names) for word in asked)


def _in_order(found: list[_Person], viewer_id: int | None) -> list[int]:
    found.sort(key=lambda person: person.order)
    if viewer_id is not None and found:
        best = {person.user_id: person for person in found[:TIED]}
        params: dict[str, Any] = {"viewer": viewer_id, "ids": list(best)}
        with connection.cursor() as cursor:
            cursor.execute(_FOLLOWED, params)
            for (user_id,) in cursor.fetchall():
                best[user_id].follows = True
            cursor.execute(_MUTUAL, params)
            for user_id, mutual in cursor.fetchall():
                best[user_id].mutual = mutual
        found.sort(key=lambda person: person.order)
    return [person.user_id for person in found]
