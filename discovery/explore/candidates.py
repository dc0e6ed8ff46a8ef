"""Where posts for Explore come from: two sources that depend on the person, and two that are the same for everybody.

All are public posts of public people whom the person neither follows nor mutes, that they neither wrote nor liked. What
a page shows is judged again by the door.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection

from discovery.models import Interest, TrendKind
from discovery.people.topics import TOPICS
from discovery.trends.counting import id_ago
from discovery.trends.reading import trends
from feeds import hooks

DAYS = 14  # as old as a post may be
KNOWN_DAYS = 90  # from which what somebody wrote and liked tells of their topics
LIKES_MOST, LIKERS_MOST, ALIKE_MOST, THEIRS_MOST = 50, 30, 50, 20
TAGS_MOST, TAGGED_MOST, EACH_MOST = 20, 20, 150


class Source(StrEnum):
    ALIKE = "alike"
    TAGS = "tags"
    TRENDING = "trending"
    POPULAR = "popular"


PERSONAL = frozenset({Source.ALIKE, Source.TAGS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`note` is what the reason names: a tag, or why it trends. `is_new`: it carries no tag that the person knows."""

    post_id: int
    author_id: int
    source: Source
    note: str = ""
    is_new: bool = True


# Of people who liked what I liked last, whoever did so most often; then what these liked last, by how many of them.
_ALIKE = """
WITH mine AS (
    SELECT post_id FROM interactions_like WHERE user_id = %(me)s AND is_active ORDER BY place DESC LIMIT %(likes)s
), alike AS (
    SELECT l.user_id, count(*) AS times FROM mine
    CROSS JOIN LATERAL (SELECT user_id FROM interactions_like
        WHERE post_id = mine.post_id AND is_active AND user_id <> %(me)s ORDER BY place DESC LIMIT %(likers)s) l
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(alike)s
)
SELECT theirs.post_id, sum(alike.times) FROM alike
CROSS JOIN LATERAL (SELECT post_id FROM interactions_like
    WHERE user_id = alike.user_id AND is_active AND place > %(since)s ORDER BY place DESC LIMIT %(theirs)s) theirs
GROUP BY 1 ORDER BY 2 DESC, 1 DESC LIMIT %(most)s
"""
# The tags that somebody follows, of their interests, and of what they wrote and liked; those they met most often first.
_KNOWN_TAGS = """
SELECT hashtag_id, sum(times) FROM (
    SELECT hashtag_id, 1000 AS times FROM feeds_tagfollow WHERE user_id = %(me)s
    UNION ALL SELECT id, 10 FROM feeds_hashtag WHERE name = ANY(%(chosen)s)
    UNION ALL SELECT t.hashtag_id, 1 FROM (
        (SELECT id AS post_id FROM feeds_post
            WHERE author_id = %(me)s AND id > %(known)s AND deleted_at IS NULL ORDER BY id DESC LIMIT 200)
        UNION
        (SELECT post_id FROM interactions_like
            WHERE user_id = %(me)s AND is_active AND place > %(known)s ORDER BY place DESC LIMIT 200)
    ) met JOIN feeds_posthashtag t ON t.post_id = met.post_id
) known GROUP BY 1 ORDER BY 2 DESC, 1
"""
_TAGGED = """
SELECT u.post_id, h.display FROM unnest(%(tags)s::bigint[]) WITH ORDINALITY t (id, place)
JOIN feeds_hashtag h ON h.id = t.id
CROSS JOIN LATERAL (SELECT post_id, row_number() OVER (ORDER BY post_id DESC) AS nth FROM (
    SELECT post_id FROM feeds_posthashtag WHERE hashtag_id = t.id AND post_id > %(since)s
    ORDER BY post_id DESC LIMIT %(tagged)s) newest) u
ORDER BY u.nth, t.place LIMIT %(most)s
"""
_FIT = """
SELECT p.id, p.author_id, ARRAY(SELECT t.hashtag_id FROM feeds_posthashtag t WHERE t.post_id = p.id)
FROM feeds_post p JOIN accounts_user a ON a.id = p.author_id
WHERE p.id = ANY(%(ids)s) AND p.id > %(since)s AND p.author_id <> coalesce(%(me)s, 0)
    AND p.visibility = 'public' AND p.deleted_at IS NULL AND p.hidden_at IS NULL
    AND (p.share_of_id IS NULL OR p.content <> '' OR p.with_media)
    AND a.is_active AND a.suspended_at IS NULL AND NOT a.is_private
    AND a.limited_at IS NULL AND a.found_by = 'everyone'
    AND NOT EXISTS (SELECT 1 FROM interactions_like l
        WHERE l.user_id = %(me)s AND l.post_id = p.id AND l.is_active)
    AND NOT EXISTS (SELECT 1 FROM accounts_follow f
        WHERE f.follower_id = %(me)s AND f.followee_id = p.author_id AND f.status = 'active')
    AND NOT EXISTS (SELECT 1 FROM accounts_mute m WHERE m.muter_id = %(me)s AND m.muted_id = p.author_id
        AND (m.until IS NULL OR m.until > clock_timestamp()))
    AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = %(me)s AND b.blocked_id = p.author_id)
    AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = p.author_id AND b.blocked_id = %(me)s)
"""


def find(user_id: int | None, *, seen: Collection[int] = ()) -> list[Candidate]:
    """All that fits, each post from the first source that has it, the best of each source first; None for a visitor.

    `seen` are the ids of posts that need not come again.
    """
    known_tags = _known_tags(user_id) if user_id else []
    found: dict[int, tuple[Source, str]] = {}
    for source, posts in _sources(user_id, known_tags):
        for post_id, note in posts.items():
            found.setdefault(post_id, (source, note))
    wanted = [post_id for post_id in found if post_id not in set(seen)]
    fit = _fit(user_id, wanted)
    familiar = set(known_tags)
    return [
        Candidate(
            post_id=post_id,
            author_id=fit[post_id][0],
            source=found[post_id][0],
            note=found[post_id][1],
            is_new=not familiar & fit[post_id][1],
        )
        for post_id in wanted
        if post_id in fit
    ]


def _sources(user_id: int | None, known_tags: list[int]) -> Iterable[tuple[Source, Mapping[int, str]]]:
    if user_id:
        yield Source.TAGS, _tagged(known_tags[:TAGS_MOST])
        yield Source.ALIKE, _alike(user_id)
    yield Source.TRENDING, {entry.subject_id: entry.why for entry in trends(TrendKind.POST).entries}
    yield Source.POPULAR, dict.fromkeys(hooks.popular(), "")


def _known_tags(user_id: int) -> list[int]:
    topics = Interest.objects.filter(user=user_id).values_list("topic", flat=True)
    chosen = [tag for slug in topics if slug in TOPICS for tag in TOPICS[slug].tags]
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN_TAGS, {"me": user_id, "known": id_ago(KNOWN_DAYS * 86400), "chosen": chosen})
        return [tag_id for tag_id, _times in cursor.fetchall()]


def _tagged(tag_ids: list[int]) -> dict[int, str]:
    if not tag_ids:
        return {}
    named: dict[str, Any] = {
        "tags": tag_ids,
        "since": id_ago(DAYS * 86400),
        "tagged": TAGGED_MOST,
        "most": EACH_MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAGGED, named)
        found: dict[int, str] = {}
        for post_id, display in cursor.fetchall():
            found.setdefault(post_id, display)
        return found


def _alike(user_id: int) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            _ALIKE,
            {
                "me": user_id,
                "likes": LIKES_MOST,
                "likers": LIKERS_MOST,
                "alike": ALIKE_MOST,
                "theirs": THEIRS_MOST,
                "since": id_ago(DAYS * 86400),
                "most": EACH_MOST,
            },
        )
        return {post_id: "" for post_id, _times in cursor.fetchall()}


def _fit(user_id: int | None, post_ids: list[int]) -> dict[int, tuple[int, set[int]]]:
    """The author and the tags of those that fit."""
    with connection.cursor() as cursor:
        cursor.execute(_FIT, {"me": user_id, "ids": post_ids, "since": id_ago(DAYS * 86400)})
        return {post_id: (author_id, set(tags)) for post_id, author_id, tags in cursor.fetchall()}
