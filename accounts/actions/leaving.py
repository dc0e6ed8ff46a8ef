"""Leaving: hidden at once, erased after days of grace in which signing in undoes it."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.actions.hiding import set_hidden
from accounts.actions.locks import lock_people
from accounts.actions.people import erase_person, forget_cached
from accounts.actions.sign_in import end_sessions, revoke_all_tokens
from accounts.errors import WrongPassword
from accounts.events import LeavingBegun
from accounts.models import User
from socialnet.outbox.actions import emit, record

log = structlog.get_logger(__name__)


@transaction.atomic
def begin_leaving(*, user: User, password: str) -> User:
    """Hide `user` and everything of theirs from everybody, and sign them out everywhere. Raises `WrongPassword`.

    Who is suspended leaves like anybody; the suspension stands.
    """
    (person,) = lock_people(user)
    if not person.check_password(password):
        raise WrongPassword
    if set_hidden(person, leaving=True, actor=person):
        emit(LeavingBegun(user_id=person.pk), actor_id=person.pk)
        record("accounts.leaving", actor_id=person.pk, target_type="user", target_id=person.pk)
    end_sessions(person)
    revoke_all_tokens(person)
    forget_cached(person.pk)
    return person


@transaction.atomic
def come_back(*, user: User) -> User:
    """Undo `begin_leaving`; nothing for who is not leaving. Who was suspended meanwhile stays so."""
    (person,) = lock_people(user)
    if not set_hidden(person, leaving=False, actor=person):
        return person
    record("accounts.came_back", actor_id=person.pk, target_type="user", target_id=person.pk)
    forget_cached(person.pk)
    return person


def erase_leavers() -> int:
    """Erase everybody whose days of grace are over; how many."""
    over = User.objects.filter(leaving_since__lt=Now() - timedelta(days=settings.GRACE_DAYS), is_active=True)
    erased = sum(_erase(user_id) for user_id in list(over.values_list("pk", flat=True)))
    log.info("leavers_erased", people=erased)
    return erased


@transaction.atomic
def _erase(user_id: int) -> bool:
    """Looks again under the lock: they may have come back this moment."""
    (person,) = lock_people(User(pk=user_id))
    over = User.objects.filter(
        pk=person.pk, is_active=True, leaving_since__lt=Now() - timedelta(days=settings.GRACE_DAYS)
    )
    if not over.exists():
        return False
    erase_person(user=person)
    return True
