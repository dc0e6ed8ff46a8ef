"""Who somebody is: by password when they sign in, and by the kept viewer record on every request after."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from accounts import cache
from accounts.actions import check_credentials
from accounts.cache import Record
from accounts.errors import AccountSuspended, WrongCredentials
from accounts.models import User

_session: ContextVar[SessionBase | None] = ContextVar("session", default=None)
_FIELDS = (
    "id",
    "username",
    "display_name",
    "avatar",
    "avatar_small",
    "is_private",
    "language",
    "time_zone",
    "is_staff",
    "is_superuser",
    "is_active",
    "suspended_at",
)


class PersonBackend(ModelBackend):
    """Passwords by unique indexes on Lower; people on later requests without SQL."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        **_others: Any,
    ) -> User | None:
        """None for who may not come in; allauth itself asks for the confirmed address."""
        login = (email or username or "").strip()
        if not login or password is None:
            return None
        try:
            return check_credentials(login=login, password=password, confirmed=False)
        except AccountSuspended as error:
            if request is not None:
                request.suspended_sign_in = error  # type: ignore[attr-defined]  # the adapter says so
            return None
        except WrongCredentials:
            return None

    def get_user(self, user_id: Any) -> User | None:
        beside = getattr(_session.get(), "viewer_beside", None)
        known = beside is not None and int(user_id) in beside
        return get_viewer(int(user_id), found=beside if known else None)


def who_asks(request: HttpRequest) -> User | AnonymousUser:
    """As Django has it; what was read together with their session is not read again."""
    token = _session.set(request.session)
    try:
        return get_user(request)
    finally:
        _session.reset(token)


def get_viewer(user_id: int, *, found: Mapping[int, Record | None] | None = None) -> User | None:
    """The person, with the fields a page needs and the rest deferred; None when suspended or gone.

    `found` is what Redis had this moment, if somebody asked.
    """
    record = cache.viewers.read(user_id, lambda: _load(user_id), found=found)
    return None if record is None or record["suspended_at"] else _person_of(record)


def _load(user_id: int) -> Record | None:
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None:
        return None
    record: Record = {field: getattr(person, field) for field in _FIELDS}
    record["avatar"], record["avatar_small"] = person.avatar.name, person.avatar_small.name
    return {**record, "auth_hash": person.get_session_auth_hash()}


def _person_of(record: Record) -> User:
    names = [field.attname for field in User._meta.concrete_fields if field.attname in _FIELDS]
    person: User = User.from_db("default", names, [record[name] for name in names])
    person.kept_auth_hash = record["auth_hash"]  # type: ignore[attr-defined]
    return person
