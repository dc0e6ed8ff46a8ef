"""What may be wrong with the counts of likes and comments, and how it is mended."""

from collections.abc import Iterator, Sequence

from django.db import connection

from interactions import comment_counts, upkeep
from socialnet.kernel.diagnosing import Case, Finding, diagnosis

_LIKE_COUNTS = """
SELECT c.post_id, u.username, c.likes, coalesce(l.many, 0) FROM feeds_postcounts c
JOIN feeds_post p ON p.id = c.post_id JOIN accounts_user u ON u.id = p.author_id
LEFT JOIN (SELECT post_id, count(*) AS many FROM interactions_like WHERE is_active GROUP BY 1) l
    ON l.post_id = c.post_id
WHERE c.likes <> coalesce(l.many, 0) ORDER BY c.post_id
"""
_COMMENT_COUNTS = """
SELECT c.post_id, u.username, c.comments, coalesce(said.many, 0) FROM feeds_postcounts c
JOIN feeds_post p ON p.id = c.post_id JOIN accounts_user u ON u.id = p.author_id
LEFT JOIN (SELECT post_id, count(*) AS many FROM interactions_comment WHERE deleted_at IS NULL GROUP BY 1) said
    ON said.post_id = c.post_id
WHERE c.comments <> coalesce(said.many, 0) ORDER BY c.post_id
"""


@diagnosis("counts", title="Likes of posts")
def like_counts(_case: Case) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(_LIKE_COUNTS)
        rows = cursor.fetchall()
    for post_id, username, counted, right in rows:
        why = f"kept {counted}, the rows say {right}"
        yield Finding("likes", f"post {post_id} by @{username}", why, ident=post_id)


@like_counts.repair
def mend_like_counts(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    mended = upkeep.reconcile_like_counts([finding.ident for finding in wrong])
    yield f"compared again under locks and mended the counts of {mended} posts"


@diagnosis("counts", title="Comments of posts")
def counted_comments(_case: Case) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(_COMMENT_COUNTS)
        rows = cursor.fetchall()
    for post_id, username, counted, right in rows:
        why = f"kept {counted}, the rows say {right}"
        yield Finding("comments", f"post {post_id} by @{username}", why, ident=post_id)


@counted_comments.repair
def mend_counted_comments(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    mended = comment_counts.reconcile([finding.ident for finding in wrong])
    yield f"compared again under locks and mended the threads of {mended} posts"
