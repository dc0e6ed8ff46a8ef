"""What a home shows that has nothing of others yet: posts about what its owner chose to read about, then popular ones.

A job finds them every few minutes, whoever asks only reads ids; who may see what is asked of the facts each time.

    score = (1 + likes + 2 · comments + 3 · shares) / (hours + 2)^1.5
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, zip_longest

from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from discovery.models import Interest
from discovery.people.topics import TOPICS
from feeds.cards import hydrate
from socialnet.kernel.cache import CachePolicy, State
from socialnet.kernel.errors import DatabaseAway, RedisAway
from socialnet.kernel.postgres import in_time

FIRST_POSTS = CachePolicy(
    name="first posts", template="first_posts:{id}", ttl=24 * 3600, dropped_by="a job computes it anew"
)
INTERESTS = CachePolicy(name="interests", template="interests:{id}", ttl=600, dropped_by="change")
EVERYBODY = "all"
MOST, OF_TOPIC = 40, 20
MILLISECONDS = 1000  # for somebody who waits
_NEWEST, _NEWEST_OF_TAG = 20_000, 100  # among which the best are looked for

_OPEN = "p.visibility = 'public' AND p.deleted_at IS NULL AND p.hidden_at IS NULL AND p.share_of_id IS NULL"
_BEST = """
SELECT id, author_id FROM (
    SELECT DISTINCT ON (p.author_id) p.id, p.author_id, (1 + c.likes + 2 * c.comments + 3 * c.shares) / power(
        ((socialnet_id_at(clock_timestamp()) - p.id) >> 12) / 3600000.0 + 2, 1.5) AS score
    FROM ({source}) p
    JOIN feeds_postcounts c ON c.post_id = p.id
    JOIN accounts_user a ON a.id = p.author_id AND a.is_active AND a.suspended_at IS NULL AND NOT a.is_private
        AND a.limited_at IS NULL AND a.found_by = 'everyone'
    ORDER BY p.author_id, score DESC
) best ORDER BY score DESC, id DESC LIMIT %(most)s
"""
_OF_ALL = _BEST.format(
    source=f"SELECT p.id, p.author_id FROM feeds_post p WHERE {_OPEN} ORDER BY p.id DESC LIMIT {_NEWEST}"
)
_OF_TAGS = _BEST.format(
    source=f"""
    SELECT DISTINCT p.id, p.author_id FROM feeds_hashtag h
    CROSS JOIN LATERAL (
        SELECT post_id FROM feeds_posthashtag WHERE hashtag_id = h.id ORDER BY post_id DESC LIMIT {_NEWEST_OF_TAG}
    ) t
    JOIN feeds_post p ON p.id = t.post_id AND {_OPEN}
    WHERE h.name = ANY(%(tags)s)"""
)


def compute() -> int:
    """Find and keep them, for everybody and for each topic; returns how many posts that is."""
    found = {EVERYBODY: _best(_OF_ALL, most=MOST)}
    found |= {slug: _best(_OF_TAGS, most=OF_TOPIC, tags=list(topic.tags)) for slug, topic in TOPICS.items()}
    authors = {post_id: author_id for posts in found.values() for post_id, author_id in posts}
    hydrate(authors)
    for name, posts in found.items():
        FIRST_POSTS.replace(name, [post_id for post_id, _author_id in posts])
    return len(authors)


def ensure() -> None:
    """Compute them if nobody did, before somebody needs them; what takes too long, or cannot be kept, is left to the
    job."""
    with suppress(RedisAway, DatabaseError, DatabaseAway):
        if FIRST_POSTS.state(EVERYBODY) is State.MISSING:
            with in_time(MILLISECONDS):
                compute()


def first_posts(user_id: int) -> Sequence[tuple[int, str, str]]:
    """Ids with the kind and the words of the reason: those of the topics in turns, then what is popular. Fills
    `feeds.hooks.first_posts`."""
    chosen = INTERESTS.load_many([user_id], _read)[user_id]
    kept = FIRST_POSTS.get_many([*chosen, EVERYBODY])
    topics = [_about(topic, kept.get(topic) or []) for topic in chosen]
    in_turns = (row for turn in zip_longest(*topics) for row in turn if row)
    popular = _("Popular here")
    rest = ((post_id, "popular", popular) for post_id in kept.get(EVERYBODY) or [])
    once: dict[int, tuple[int, str, str]] = {}
    for row in chain(in_turns, rest):
        once.setdefault(row[0], row)
    return list(once.values())[:MOST]


def _about(topic: str, post_ids: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    label = _("You like to read about this: %(topic)s") % {"topic": TOPICS[topic].label}
    return ((post_id, "interest", label) for post_id in post_ids)


def _read(user_ids: list[int]) -> dict[int, list[str]]:
    chosen: dict[int, list[str]] = {user_id: [] for user_id in user_ids}
    for user_id, topic in Interest.objects.filter(user__in=user_ids).values_list("user_id", "topic"):
        if topic in TOPICS:
            chosen[user_id].append(topic)
    return chosen


def _best(statement: str, *, most: int, **params: list[str]) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"most": most, **params})
        return list(cursor.fetchall())
