"""What stands behind a candidate: who did what and when, and what kind of accounts they are; read from PostgreSQL.

Bounded: of each candidate the newest `DEEDS_MOST` deeds of a kind. What moderators hid, what was deleted or taken back,
and what people did who are suspended, private or gone is not evidence.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from discovery.trends.counters import DAY
from discovery.trends.counting import PERSON_DAYS, id_ago

DEEDS_MOST = 500
BASELINE_DAYS = 7
BASELINE_USES_MOST = 2_000
SLEPT_DAYS = 30
_MEANT = 12  # characters from which a text says enough to be compared
_NAMED = re.compile(r"https?://\S+|[#@]\w+")
_SIGNS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Deed:
    """`act` is use, like, comment, share or follow; `at` a time-ordered id; `text` what was said, see `said`."""

    act: str
    person_id: int
    at: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Of somebody who did something: days since they joined, followers, where they say they live, and whether they
    did nothing at all in the `SLEPT_DAYS` before the last day."""

    age_days: float
    followers: int = 0
    place: str = ""
    has_slept: bool = False


@dataclass(frozen=True)
class Evidence:
    """`now` is the id of the moment; `baseline` how many people an hour used a tag in the week before the last day;
    `followers` and `subject_at` are those of a post's author and its id. Of acts in `cut` there were more."""

    now: int
    deeds: list[Deed]
    people: dict[int, Person]
    baseline: float = 0.0
    followers: int = 0
    subject_at: int = 0
    cut: frozenset[str] = frozenset()


# A public post of somebody who is public.
_WRITTEN = """
JOIN feeds_post {0} ON {0}.id = {1} AND {0}.visibility = 'public' AND {0}.deleted_at IS NULL AND {0}.hidden_at IS NULL
"""
_USES = f"""
SELECT t.id, 'use', p.author_id, p.id, p.content
FROM unnest(%(ids)s::bigint[]) t (id)
CROSS JOIN LATERAL (SELECT post_id FROM feeds_posthashtag
    WHERE hashtag_id = t.id AND post_id > %(since)s ORDER BY post_id DESC LIMIT %(most)s) u
{_WRITTEN.format("p", "u.post_id")}
"""
_REACTIONS = """
SELECT t.id, 'like', l.user_id, l.place, ''
FROM unnest(%(ids)s::bigint[]) t (id)
CROSS JOIN LATERAL (SELECT user_id, place FROM interactions_like
    WHERE post_id = t.id AND is_active AND place > %(since)s ORDER BY place DESC LIMIT %(most)s) l
UNION ALL
SELECT t.id, 'comment', c.author_id, c.id, c.content
FROM unnest(%(ids)s::bigint[]) t (id)
CROSS JOIN LATERAL (SELECT author_id, id, content FROM interactions_comment
    WHERE post_id = t.id AND id > %(since)s AND deleted_at IS NULL AND hidden_at IS NULL
    ORDER BY id DESC LIMIT %(most)s) c
UNION ALL
SELECT t.id, 'share', s.author_id, s.id, s.content
FROM unnest(%(ids)s::bigint[]) t (id)
CROSS JOIN LATERAL (SELECT author_id, id, content FROM feeds_post
    WHERE share_of_id = t.id AND id > %(since)s AND deleted_at IS NULL AND hidden_at IS NULL
        AND visibility = 'public' ORDER BY id DESC LIMIT %(most)s) s
"""
_FOLLOWS = """
SELECT t.id, 'follow', f.follower_id, socialnet_id_at(f.created_at), ''
FROM unnest(%(ids)s::bigint[]) t (id)
CROSS JOIN LATERAL (SELECT follower_id, created_at FROM accounts_follow
    WHERE followee_id = t.id AND status = 'active' ORDER BY id DESC LIMIT %(most)s) f
WHERE f.created_at > now() - make_interval(days => %(days)s)
"""
_RECENT_POSTS = """
SELECT t.id, p.id FROM unnest(%(ids)s::bigint[]) t (id)
CROSS JOIN LATERAL (SELECT id FROM feeds_post WHERE author_id = t.id AND id > %(since)s AND deleted_at IS NULL
    AND hidden_at IS NULL AND visibility = 'public' ORDER BY id DESC LIMIT 50) p
"""
_POSTS = """
SELECT p.id, p.author_id, c.followers FROM feeds_post p
JOIN accounts_user a ON a.id = p.author_id AND a.is_active AND a.suspended_at IS NULL AND NOT a.is_private
        AND a.limited_at IS NULL AND a.found_by = 'everyone'
JOIN accounts_personcounts c ON c.user_id = a.id
WHERE p.id = ANY(%(ids)s) AND p.id > %(since)s AND p.visibility = 'public' AND p.deleted_at IS NULL
    AND p.hidden_at IS NULL AND (p.share_of_id IS NULL OR p.content <> '' OR p.with_media)
"""
# What they did before stands in a lateral: among the columns the planner would hash a month of everybody for it.
_PEOPLE = """
SELECT a.id, extract(epoch FROM clock_timestamp() - a.created_at) / 86400, c.followers, a.location, before.has_slept
FROM accounts_user a JOIN accounts_personcounts c ON c.user_id = a.id
CROSS JOIN LATERAL (SELECT
    NOT EXISTS (SELECT 1 FROM feeds_post p
        WHERE p.author_id = a.id AND p.deleted_at IS NULL AND p.id BETWEEN %(slept)s AND %(since)s)
    AND NOT EXISTS (SELECT 1 FROM interactions_like l
        WHERE l.user_id = a.id AND l.is_active AND l.place BETWEEN %(slept)s AND %(since)s)
    AND NOT EXISTS (SELECT 1 FROM interactions_comment w
        WHERE w.author_id = a.id AND w.deleted_at IS NULL AND w.id BETWEEN %(slept)s AND %(since)s) AS has_slept
    OFFSET 0) before
WHERE a.id = ANY(%(ids)s) AND a.is_active AND a.suspended_at IS NULL AND NOT a.is_private
        AND a.limited_at IS NULL AND a.found_by = 'everyone'
"""
# People of each hour, added up; of a tag with very many uses those of the time that the newest of them cover.
_BASELINES = """
SELECT t.id, count(DISTINCT (p.author_id, p.id / %(hour)s))
    / greatest(1.0, CASE WHEN count(*) < %(most)s THEN %(hours)s
        ELSE (%(until)s - min(p.id)) / %(hour)s::float END)
FROM unnest(%(ids)s::bigint[]) t (id)
CROSS JOIN LATERAL (SELECT post_id FROM feeds_posthashtag
    WHERE hashtag_id = t.id AND post_id BETWEEN %(since)s AND %(until)s ORDER BY post_id DESC LIMIT %(most)s) u
JOIN feeds_post p ON p.id = u.post_id AND p.deleted_at IS NULL
GROUP BY 1
"""
_HOUR_IN_IDS = (3600 * 1000) << 12


def of_tags(tag_ids: Collection[int]) -> dict[int, Evidence]:
    """The uses of the last day, and what was usual before."""
    now, since = id_ago(0), id_ago(DAY)
    deeds = _deeds(_USES, {"ids": list(tag_ids), "since": since, "most": DEEDS_MOST})
    people = _people(deeds, since)
    baselines = _baselines(deeds, until=since)
    return {
        tag_id: Evidence(
            now, _known(done, people), people, baseline=baselines.get(tag_id, 0.0), cut=_cut(done)
        )
        for tag_id, done in deeds.items()
    }


def of_posts(post_ids: Collection[int], *, days: int) -> dict[int, Evidence]:
    """What others than the author did with each post in the last day; of posts that are as many days old at most."""
    now, since = id_ago(0), id_ago(DAY)
    with connection.cursor() as cursor:
        cursor.execute(_POSTS, {"ids": list(post_ids), "since": id_ago(days * DAY)})
        posts = {post_id: (author_id, followers) for post_id, author_id, followers in cursor.fetchall()}
    deeds = _deeds(_REACTIONS, {"ids": list(posts), "since": since, "most": DEEDS_MOST})
    people = _people(deeds, since)
    found = {}
    for post_id, done in deeds.items():
        author_id, followers = posts[post_id]
        others = [deed for deed in _known(done, people) if deed.person_id != author_id]
        found[post_id] = Evidence(
            now, others, people, followers=followers, subject_at=post_id, cut=_cut(done)
        )
    return found


def of_people(user_ids: Collection[int]) -> dict[int, Evidence]:
    """Who came to follow each of these people in the last week, and who did something with what they wrote then."""
    now, since = id_ago(0), id_ago(PERSON_DAYS * DAY)
    standing = list(_people_named(user_ids, id_ago(DAY)))
    deeds = _deeds(_FOLLOWS, {"ids": standing, "days": PERSON_DAYS, "most": DEEDS_MOST})
    with connection.cursor() as cursor:
        cursor.execute(_RECENT_POSTS, {"ids": standing, "since": since})
        author_of = {post_id: author_id for author_id, post_id in cursor.fetchall()}
    reactions = _deeds(_REACTIONS, {"ids": list(author_of), "since": since, "most": DEEDS_MOST})
    for post_id, done in reactions.items():
        author_id = author_of[post_id]
        deeds[author_id] += [deed for deed in done if deed.person_id != author_id]
    people = _people(deeds, id_ago(DAY))
    return {user_id: Evidence(now, _known(done, people), people) for user_id, done in deeds.items()}


def said(text: str) -> str:
    """`text` as it is compared: letters alone, without tags, names and addresses; empty when that is hardly a word."""
    letters = _SIGNS.sub("", _NAMED.sub("", text.casefold()))
    return letters if len(letters) >= _MEANT else ""


def _deeds(statement: str, named: dict[str, Any]) -> dict[int, list[Deed]]:
    found: dict[int, list[Deed]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        for subject_id, act, person_id, at, text in cursor.fetchall():
            found[subject_id].append(Deed(act, person_id, at, said(text)))
    return found


def _people(deeds: dict[int, list[Deed]], since: int) -> dict[int, Person]:
    return _people_named({deed.person_id for done in deeds.values() for deed in done}, since)


def _people_named(user_ids: Collection[int], since: int) -> dict[int, Person]:
    slept = since - SLEPT_DAYS * 24 * _HOUR_IN_IDS
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"ids": list(user_ids), "since": since, "slept": slept})
        return {
            user_id: Person(
                age_days=float(age), followers=followers, place=place.casefold().strip(), has_slept=slept
            )
            for user_id, age, followers, place, slept in cursor.fetchall()
        }


def _known(deeds: list[Deed], people: dict[int, Person]) -> list[Deed]:
    return [deed for deed in deeds if deed.person_id in people]


def _cut(deeds: list[Deed]) -> frozenset[str]:
    many = Counter(deed.act for deed in deeds)
    return frozenset(act for act, count in many.items() if count >= DEEDS_MOST)


def _baselines(tags: Collection[int], *, until: int) -> dict[int, float]:
    hours = BASELINE_DAYS * 24
    with connection.cursor() as cursor:
        cursor.execute(
            _BASELINES,
            {
                "ids": list(tags),
                "since": until - hours * _HOUR_IN_IDS,
                "until": until,
                "most": BASELINE_USES_MOST,
                "hours": float(hours),
                "hour": _HOUR_IN_IDS,
            },
        )
        return {tag_id: float(people) for tag_id, people in cursor.fetchall()}
