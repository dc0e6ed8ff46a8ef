"""What keeps inboxes small; every job may run twice at once."""

from datetime import timedelta
from typing import Any

from django.db import connection

READ_KEPT = timedelta(days=30)
VANISHED_KEPT = timedelta(days=7)  # longer than any cooldown: until then a row remembers that it was told
SUSPENDED_KEPT = timedelta(
    days=90
)  # of people who are suspended, and come back into their rows when that ends
BATCH = 1000

_FORGET = """
WITH doomed AS (
    SELECT id FROM notifications_notification WHERE {condition} LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), actors AS (
    DELETE FROM notifications_notificationactor a USING doomed WHERE a.notification_id = doomed.id
), deliveries AS (
    DELETE FROM notifications_channeldelivery d USING doomed WHERE d.notification_id = doomed.id
)
DELETE FROM notifications_notification n USING doomed WHERE n.id = doomed.id
"""
_READ = "read_at < clock_timestamp() - %(age)s ORDER BY read_at"
_VANISHED = """NOT stands AND place < socialnet_id_at(clock_timestamp() - %(age)s) AND (
    place < socialnet_id_at(clock_timestamp() - %(longest)s) OR NOT EXISTS (
        SELECT 1 FROM notifications_notificationactor a JOIN accounts_user u ON u.id = a.actor_id
        WHERE a.notification_id = notifications_notification.id AND u.suspended_at IS NOT NULL AND u.is_active)
) ORDER BY place"""
_OF = "recipient_id = %(person)s ORDER BY id"


def forget_read() -> int:
    """Those read a month ago; returns how many."""
    return _forget(_READ, age=READ_KEPT)


def forget_vanished() -> int:
    """Those whose causes were undone, once nothing of them matters any more; returns how many.

    What only waits for suspended people is kept longer."""
    return _forget(_VANISHED, age=VANISHED_KEPT, longest=SUSPENDED_KEPT)


def forget_inbox(user_id: int) -> int:
    """All that a person was told; returns how many rows."""
    return _forget(_OF, person=user_id)


def _forget(condition: str, **params: Any) -> int:
    """A batch at a time, each in a transaction of its own."""
    gone = 0
    while batch := _forget_batch(condition, params):
        gone += batch
    return gone


def _forget_batch(condition: str, params: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FORGET.replace("{condition}", condition), {**params, "batch": BATCH})
        return cursor.rowcount
