"""Sessions in Redis first and PostgreSQL second, so that who is signed in stays so while either is away."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from cachebox import LRUCache
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts import cache
from accounts.cache import DATABASE_AWAY, Record, copy_of
from accounts.events import SessionsEnded
from accounts.models import Session
from socialnet.kernel.cache import read_together
from socialnet.kernel.redis import dumps, loads
from socialnet.outbox.actions import emit

log = structlog.get_logger(__name__)
SEEN_EVERY = timedelta(hours=1)
_GONE: Record = {"gone": True}  # signed out while PostgreSQL was away: its row is not to be believed


# By copy: a guess whose session it is, by which more can be read at once.
_whose: LRUCache[str, int] = LRUCache(20_000)
# As stored → JSON, so that the signature of each is checked once.
_decoded: LRUCache[bytes | str, bytes] = LRUCache(2_000)


class SessionStore(SessionBase):
    """`device` and `address` in the data tell the owner which browser it is.

    `viewer_beside` is the viewer record of whose session it is, if it was read along: the same round trip.
    """

    viewer_beside: Mapping[int, Record | None] | None = None

    def load(self) -> dict[str, Any]:
        record = (
            cache.sessions.read(self._copy, self._from_database, found=self._together())
            if self.session_key
            else None
        )
        if record is None or "gone" in record:
            self._session_key = None
            self.viewer_beside = None
            return {}
        data = self.decode(record["data"])
        if SESSION_KEY in data:
            _whose[self._copy] = int(data[SESSION_KEY])
        return data

    def _together(self) -> Mapping[str, Record | None] | None:
        user_id = _whose.get(self._copy)
        if user_id is None:
            return None
        found, self.viewer_beside = read_together(
            (cache.sessions.fresh, self._copy), (cache.viewers.fresh, user_id)
        )
        return found

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        known = _decoded.get(session_data)
        if known is not None:
            return dict(loads(known))
        data = super().decode(session_data)
        if data:
            _decoded[session_data] = dumps(data)
        return data

    def exists(self, session_key: str) -> bool:
        try:
            return Session.objects.filter(session_key=session_key).exists()
        except DATABASE_AWAY:
            return False  # a new key has 165 random bits

    def create(self) -> None:
        self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        record: Record = {"data": self.encode(data)}
        kept = cache.sessions.standby.get(self._copy) or {}
        if "gone" in kept:
            raise UpdateError
        # Before the row: who removes the row at this moment drops the copy last, so it cannot come back.
        cache.sessions.replace(self._copy, record)
        try:
            self._to_database(data, record["data"], must_create=must_create, may_create="unsaved" in kept)
        except DATABASE_AWAY as error:
            log.warning("session_kept_without_database", error=type(error).__name__)
            cache.sessions.replace(self._copy, record | {"unsaved": True})
        except UpdateError:
            cache.sessions.drop(self._copy)
            raise

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is None:
            return
        try:
            _end(key)
        except DATABASE_AWAY:
            cache.sessions.replace(copy_of(key), _GONE)
        else:
            cache.sessions.drop(copy_of(key))

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expire_date__lt=Now()).delete()

    @property
    def _copy(self) -> str:
        return copy_of(self.session_key or "")

    def _from_database(self) -> Record | None:
        if (cache.sessions.standby.get(self._copy) or {}).get("gone"):
            return None
        sessions = Session.objects.in_force().filter(session_key=self.session_key)
        long_ago = Q(last_seen_at__lt=Now() - SEEN_EVERY)
        row = sessions.annotate(long_ago=long_ago).values_list("session_data", "long_ago").first()
        if row is None:
            return None
        if row[1]:  # at most one write an hour: settings show when a browser was last seen
            sessions.update(last_seen_at=Now())
        return {"data": row[0]}

    def _to_database(
        self, data: dict[str, Any], encoded: str, *, must_create: bool, may_create: bool
    ) -> None:
        row = {
            "session_data": encoded,
            "expire_date": self.get_expiry_date(),
            "account_id": data.get(SESSION_KEY),
            "device": data.get("device", ""),
            "address": data.get("address", ""),
        }
        if not must_create and Session.objects.filter(session_key=self.session_key).update(**row):
            return
        if not (must_create or may_create):
            raise UpdateError  # signed out meanwhile: it must not come back
        try:
            with transaction.atomic():
                Session.objects.create(session_key=self.session_key, **row)  # type: ignore[misc]
        except IntegrityError as error:
            raise CreateError from error


@transaction.atomic
def _end(session_key: str) -> None:
    """Delete the row; if it was somebody's, see to it that no copy outlives it, should Redis be away now."""
    rows = Session.objects.filter(session_key=session_key)
    account = rows.values_list("account_id", flat=True).first()
    if rows.delete()[0] and account:
        emit(SessionsEnded(user_id=account, copies=[copy_of(session_key)]), actor_id=account)
