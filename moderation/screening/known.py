"""What screening asks about an author before it judges: one query, and one round trip to Redis."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from accounts.screening import Writing
from moderation.screening.cache import SAME, VERDICTS
from moderation.screening.classifier import digest
from moderation.screening.rules import SHORTEST, Book, Known, asks_history, compact
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import door
from socialnet.outbox.ids import time_of

MOST = 30  # posts and comments that are looked at, the newest of each
_MANY_ACCOUNTS = "same_text"
# By the indexes post_by_author and comment_by_author, as far back as the longest window goes.
_LATELY = """
WITH since AS (SELECT socialnet_id_at(statement_timestamp() - make_interval(mins => %(minutes)s)) AS id),
said AS (
    (SELECT 'post' AS kind, p.id, CASE WHEN %(texts)s THEN p.content END AS content FROM feeds_post p
        WHERE p.author_id = %(author)s AND p.deleted_at IS NULL AND p.id > (SELECT id FROM since)
        ORDER BY p.id DESC LIMIT %(most)s)
    UNION ALL
    (SELECT 'comment', c.id, CASE WHEN %(texts)s THEN c.content END FROM interactions_comment c
        WHERE c.author_id = %(author)s AND c.deleted_at IS NULL AND c.id > (SELECT id FROM since)
        ORDER BY c.id DESC LIMIT %(most)s)
)
SELECT statement_timestamp(), u.created_at, said.kind, said.id, said.content
FROM accounts_user u LEFT JOIN said ON true WHERE u.id = %(author)s ORDER BY said.id DESC
"""


@dataclass(frozen=True)
class Asked:
    """`signal` is what the classifier said of the same text today, None if nothing."""

    known: Known
    signal: float | None


def ask(writing: Writing, book: Book, rules: Collection[str]) -> Asked:
    accounts, signal = _redis(writing, book, rules)
    age, lately = _postgres(writing, book, rules)
    return Asked(Known(age=age, lately=lately, same_accounts=accounts), signal)


def _postgres(
    writing: Writing, book: Book, rules: Collection[str]
) -> tuple[timedelta, list[tuple[timedelta, str]]]:
    """How long the author is here, and what they said lately; of what is changed, without what it said."""
    if writing.author.pk is None:  # who joins
        return timedelta(0), []
    if not any(asks_history(rule, writing) for rule in rules):
        return timedelta.max, []
    minutes = max(book["too_fast"].minutes, book["same_text"].minutes)
    texts = "same_text" in rules and asks_history("same_text", writing)
    asked = {"author": writing.author.pk, "minutes": minutes, "most": MOST, "texts": texts}
    with connection.cursor() as cursor:
        cursor.execute(_LATELY, asked)
        rows = cursor.fetchall()
    if not rows:  # whoever writes is gone by now
        return timedelta(0), []
    now, joined, *_said = rows[0]
    own = (writing.kind, writing.target_id)
    said = [
        (now - time_of(ident), text)
        for _now, _joined, kind, ident, text in rows
        if ident and (kind, ident) != own
    ]
    return now - joined, said


def _redis(writing: Writing, book: Book, rules: Collection[str]) -> tuple[int, float | None]:
    """How many accounts said the same lately, this one among them, and what the classifier said; in one round trip.
    While Redis is away nobody did, and it said nothing."""
    letters = compact(writing.text)
    counts = _MANY_ACCOUNTS in rules and len(letters) >= SHORTEST
    same, verdict = SAME.key(digest(letters)), VERDICTS.key(digest(writing.whole))
    try:
        with door() as client, client.pipeline(transaction=False) as pipe:
            pipe.get(verdict)
            if counts:
                pipe.pfadd(same, writing.author.pk or writing.author.username)
                pipe.expire(same, 60 * max(1, book[_MANY_ACCOUNTS].minutes))
                pipe.pfcount(same)
            answers = pipe.execute()
    except RedisAway:
        return 1, None
    signal = VERDICTS.decode(["verdict"], [answers[0]]).get("verdict")
    return (int(answers[-1]) if counts else 1), signal
