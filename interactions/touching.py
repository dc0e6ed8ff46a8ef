"""Noting whose counts changed, in the transaction that changed them: the pulse tells it on."""

from collections.abc import Iterable

from django.db import connection

_TOUCH = "INSERT INTO interactions_touched (post_id) SELECT unnest(%(posts)s::bigint[])"


def touch(post_ids: Iterable[int]) -> None:
    """The pulse will read the counts of these posts after this transaction, and show them to who looks."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, {"posts": list(post_ids)})
