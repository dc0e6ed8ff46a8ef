"""What counts for trends, as PostgreSQL has it: acts of public people with public posts that anybody may see.

The same statements serve events, which name rows, and the rebuilding of counters that were lost.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db import connection

from discovery.trends import counters
from discovery.trends.counters import DAY, Act, What
from socialnet.kernel.postgres import in_time
from socialnet.outbox.ids import MAX_ID

POST_DAYS = 3  # older posts do not trend
PERSON_DAYS = 7
REBUILD_MILLISECONDS = 10 * 60 * 1000  # of each statement; it is a job for rare days
_CHUNK = 10_000

_STANDS = "{0}.is_active AND {0}.suspended_at IS NULL AND NOT {0}.is_private AND {0}.limited_at IS NULL"
_OPEN = "{0}.visibility = 'public' AND {0}.deleted_at IS NULL AND {0}.hidden_at IS NULL"
_OTHERS = f"""
JOIN feeds_post p ON p.id = {{post}} AND {_OPEN.format("p")} AND p.author_id <> {{person}}
JOIN accounts_user a ON a.id = p.author_id AND {_STANDS.format("a")}
JOIN accounts_user who ON who.id = {{person}} AND {_STANDS.format("who")}
"""
# Each gives subject, person and time; of acts with posts also the author of the post.
_TAGS = f"""
SELECT t.hashtag_id, p.author_id, p.id
FROM feeds_post p
JOIN accounts_user a ON a.id = p.author_id AND {_STANDS.format("a")}
JOIN feeds_posthashtag t ON t.post_id = p.id
WHERE {{which}} AND {_OPEN.format("p")}
"""
_SHARES = f"""
SELECT s.share_of_id, s.author_id, s.id, p.author_id FROM feeds_post s
{_OTHERS.format(post="s.share_of_id", person="s.author_id")}
WHERE {{which}} AND s.share_of_id IS NOT NULL AND {_OPEN.format("s")}
"""
_COMMENTS = f"""
SELECT c.post_id, c.author_id, c.id, p.author_id FROM interactions_comment c
{_OTHERS.format(post="c.post_id", person="c.author_id")}
WHERE {{which}} AND c.deleted_at IS NULL AND c.hidden_at IS NULL
"""
_LIKES = f"""
SELECT l.post_id, l.user_id, l.place, p.author_id FROM {{which}}
{_OTHERS.format(post="l.post_id", person="l.user_id")}
WHERE l.is_active
"""
_FOLLOWS = f"""
SELECT f.followee_id, f.follower_id, socialnet_id_at(f.created_at)
FROM accounts_follow f
JOIN accounts_user a ON a.id = f.followee_id AND {_STANDS.format("a")}
JOIN accounts_user who ON who.id = f.follower_id AND {_STANDS.format("who")}
WHERE {{which}} AND f.status = 'active'
"""
_LIKES_OF_POSTS = """
(SELECT id FROM feeds_post WHERE id > %(since)s AND deleted_at IS NULL AND visibility = 'public') written
JOIN interactions_like l ON l.post_id = written.id
"""
_LIKES_NAMED = """
unnest(%(people)s::bigint[], %(posts)s::bigint[]) AS named (person, post)
JOIN interactions_like l ON l.user_id = named.person AND l.post_id = named.post
"""
_FOLLOWS_NAMED = """
(f.follower_id, f.followee_id) IN (SELECT * FROM unnest(%(people)s::bigint[], %(others)s::bigint[]))
"""
_CLOCK = "SELECT socialnet_id_at(clock_timestamp() - make_interval(secs => %(seconds)s))"


def id_ago(seconds: float) -> int:
    """The id of the moment `seconds` ago, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK, {"seconds": seconds})
        return int(cursor.fetchone()[0])


def count_posts(post_ids: Collection[int]) -> int:
    """Count the tags that posts carry, and that they share or quote; returns how much was news."""
    named: dict[str, Any] = {"ids": list(post_ids)}
    tags = _acts(What.TAG, _TAGS.format(which="p.id = ANY(%(ids)s)"), named)
    shares = _acts(What.SHARE, _SHARES.format(which="s.id = ANY(%(ids)s)"), named)
    return counters.note([*tags, *shares])


def count_comments(comment_ids: Collection[int]) -> int:
    acts = _acts(What.COMMENT, _COMMENTS.format(which="c.id = ANY(%(ids)s)"), {"ids": list(comment_ids)})
    return counters.note(acts)


def count_likes(pairs: Collection[tuple[int, int]]) -> int:
    """Count the likes of people and posts (ids), as far as they stand."""
    people, posts = zip(*pairs, strict=True)
    named = {"people": list(people), "posts": list(posts)}
    return counters.note(_acts(What.LIKE, _LIKES.format(which=_LIKES_NAMED), named))


def count_follows(pairs: Collection[tuple[int, int]]) -> int:
    """Count the follows of followers and followees (ids), as far as they are active."""
    people, others = zip(*pairs, strict=True)
    named = {"people": list(people), "others": list(others)}
    return counters.note(_acts(What.PERSON, _FOLLOWS.format(which=_FOLLOWS_NAMED), named))


def rebuild() -> int:
    """Count again all that buckets may hold, from PostgreSQL; returns how much of it was news. Raises `RedisAway`."""
    since = {"since": id_ago(PERSON_DAYS * DAY)}
    news = 0
    for what, statement in (
        (What.TAG, _TAGS.format(which="p.id > %(since)s")),
        (What.SHARE, _SHARES.format(which="s.id > %(since)s")),
        (What.COMMENT, _COMMENTS.format(which="c.id > %(since)s")),
        (What.LIKE, _LIKES.format(which=_LIKES_OF_POSTS)),
        (What.PERSON, _FOLLOWS.format(which="f.created_at > now() - make_interval(days => 7)")),
    ):
        with in_time(REBUILD_MILLISECONDS):
            news += counters.note(_acts(what, statement, since))
    counters.now_whole()
    return news


def _acts(what: What, statement: str, named: dict[str, Any]) -> Iterator[Act]:
    """The acts that a statement gives; what somebody does with a post counts for its author, too."""
    with connection.chunked_cursor() as cursor:  # the server keeps what was not read yet
        cursor.execute(statement, named)
        while rows := cursor.fetchmany(_CHUNK):
            yield from _told(what, rows)


def _told(what: What, rows: Iterable[tuple[int, ...]]) -> Iterator[Act]:
    for subject_id, person_id, at, *author in rows:
        yield Act(what, subject_id, person_id, min(at, MAX_ID))
        if author:
            yield Act(What.PERSON, author[0], person_id, min(at, MAX_ID))
