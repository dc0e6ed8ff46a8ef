"""People who are away: nobody writes into their homes, and whoever comes back misses nothing.

live → idle: by a job, after `IDLE_AFTER_DAYS` without a visit; fan-out passes them over from then on.
idle → filling: when they read their home. From this commit on fan-out serves them again, so what is delivered later
    arrives by itself, and what was delivered earlier is seen by the filling, which begins after it.
filling → live: together with the filling, in one transaction. Until then their home is read by lateral join.
"""

import structlog
from cachebox import TTLCache
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from accounts.models import Activity
from feeds import active, stored
from feeds.events import PeopleWentIdle, PersonReturned
from socialnet.outbox.actions import emit

log = structlog.get_logger(__name__)
BATCH = 1000
_noted: TTLCache[tuple[int, str], bool] = TTLCache(100_000, global_ttl=24 * 3600)

# A row that is locked is being noted, left alone or welcomed by somebody else: nobody waits for it.
_NOTE = """
UPDATE accounts_activity SET last_active_on = CURRENT_DATE WHERE user_id = (
    SELECT user_id FROM accounts_activity WHERE user_id = %(user)s AND last_active_on < CURRENT_DATE
    FOR NO KEY UPDATE SKIP LOCKED)
"""
_LEAVE = """
UPDATE accounts_activity SET state = 'idle' WHERE user_id IN (
    SELECT user_id FROM accounts_activity
    WHERE state IN ('live', 'filling') AND last_active_on < CURRENT_DATE - %(days)s
    ORDER BY user_id LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED)
RETURNING user_id
"""
_RETURN = """
UPDATE accounts_activity SET state = 'filling', last_active_on = CURRENT_DATE
WHERE user_id = %(user)s AND state = 'idle'
"""


def note_visit(user_id: int) -> None:
    """Remember that this person was here today: one statement per day and process. Reading never fails for it."""
    active.note(user_id)
    today = (user_id, timezone.now().date().isoformat())
    if today in _noted:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, {"user": user_id})
    except (DatabaseError, InterfaceError) as error:
        log.info("visit_not_noted", error=type(error).__name__)
    else:
        _noted[today] = True


def welcome(user_id: int) -> None:
    """Begin the return of somebody who was away, once however many of their devices ask. Reading never fails for it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_RETURN, {"user": user_id})
            if cursor.rowcount:
                emit(PersonReturned(user_id=user_id), actor_id=user_id)
    except (DatabaseError, InterfaceError) as error:
        log.info("return_not_begun", error=type(error).__name__)


def catch_up(user_id: int) -> int:
    """End a return: fill in what was missed; returns how much. Nothing when there is none to end."""
    with stored.alone_with(user_id):  # what an unfollow clears must not come back
        returning = Activity.objects.filter(pk=user_id, state=Activity.State.FILLING)
        return stored.fill([user_id]) if returning.update(state=Activity.State.LIVE) else 0


def leave_alone() -> int:
    """Pass over, from now on, everybody who was not here for `IDLE_AFTER_DAYS`; returns how many are new."""
    left = 0
    while people := _leave_some():
        left += len(people)
    return left


@transaction.atomic
def _leave_some() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, {"days": settings.IDLE_AFTER_DAYS, "batch": BATCH})
        people = [row[0] for row in cursor.fetchall()]
    if people:
        emit(PeopleWentIdle(user_ids=people))
    return people
