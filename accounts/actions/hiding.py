"""Whether a person is hidden: decided here alone, from what moderators did and from what the person asked for."""

from django.db.models import F
from django.db.models.functions import Now

from accounts.events import UserSuspended, UserUnsuspended
from accounts.models import User
from socialnet.outbox.actions import emit


def set_hidden(
    person: User, *, shut_out: bool | None = None, leaving: bool | None = None, actor: User | None
) -> bool:
    """Change one of the two reasons, or both, for who holds the lock on `person`; None leaves a reason as it is.

    Each keeps its own time and outlives the other. Returns whether anything changed; others hear only of who went out
    of sight, or came back.
    """
    shut_out = person.is_shut_out if shut_out is None else shut_out
    leaving = person.leaving_since is not None if leaving is None else leaving
    if (shut_out, leaving) == (person.is_shut_out, person.leaving_since is not None):
        return False
    was_hidden = person.is_suspended
    left = F("leaving_since") if person.leaving_since is not None else Now()
    since = F("suspended_at") if person.is_shut_out else Now()
    leaving_since = left if leaving else None
    User.objects.filter(pk=person.pk).update(
        leaving_since=leaving_since, suspended_at=since if shut_out else leaving_since
    )
    person.refresh_from_db(fields=["suspended_at", "leaving_since"])
    if person.is_suspended != was_hidden:
        event = UserSuspended if person.is_suspended else UserUnsuspended
        emit(event(user_id=person.pk), actor_id=actor.pk if actor else None)
    return True
