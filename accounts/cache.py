"""What is read for every request, kept so that either engine may be away: viewers, sessions, tokens.

Each record has two copies: a fresh one that spares PostgreSQL for a minute, and one that stands by for a day and is
believed only while PostgreSQL does not answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import InterfaceError, OperationalError

from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import DatabaseAway

DATABASE_AWAY = (OperationalError, InterfaceError)
_FRESH_SECONDS = 60
_STANDBY_SECONDS = 24 * 3600

Record = dict[str, Any]


@dataclass(frozen=True)
class KeptRecord:
    fresh: CachePolicy
    standby: CachePolicy

    @classmethod
    def named(cls, name: str, *, dropped_by: str, rebuilt: bool = True) -> "KeptRecord":
        return cls(
            fresh=CachePolicy(
                name=name, template=f"{name}:{{id}}", ttl=_FRESH_SECONDS, dropped_by=dropped_by
            ),
            standby=CachePolicy(
                name=f"{name}_standby",
                template=f"{name}:{{id}}:standby",
                ttl=_STANDBY_SECONDS,
                dropped_by=dropped_by,
                rebuilt=rebuilt,
            ),
        )

    def read(
        self,
        ident: Any,
        load: Callable[[], Record | None],
        *,
        found: Mapping[Any, Record | None] | None = None,
    ) -> Record | None:
        """The record, by `load` when it is not fresh; what stands by when `load` finds no database.

        `found` is what was fresh this moment, if somebody looked. Raises `DatabaseAway` when nothing stands by: not to
        know is not the same as "there is none".
        """
        if found is None:
            found = self.fresh.get_many([ident])
        if ident in found:
            return found[ident]
        try:
            record = load()
        except DATABASE_AWAY as error:
            found = self.standby.get_many([ident])
            if ident not in found:
                raise DatabaseAway from error
            return found[ident]
        self.fresh.set_many({ident: record})
        self.standby.renew(ident, record)
        return record

    def replace(self, ident: Any, record: Record) -> None:
        self.fresh.replace(ident, record)
        self.standby.replace(ident, record)

    def drop(self, *idents: Any) -> None:
        self.fresh.drop(*idents)
        self.standby.drop(*idents)

    def surely_drop(self, *idents: Any) -> None:
        """As `drop`; raises `RedisAway`, on which a delivery is tried again."""
        self.fresh.surely_drop(*idents)
        self.standby.surely_drop(*idents)


viewers = KeptRecord.named("viewer", dropped_by="password, suspension, deletion, profile")


def copy_of(session_key: str) -> str:
    """What a session is called in Redis and in events: nobody who reads it there can sign in with it."""
    return sha256(session_key.encode(errors="replace")).hexdigest()


# By `copy_of`. Only here stands who signed in or out while PostgreSQL was away.
sessions = KeptRecord.named("session", dropped_by="sign-out, revocation, password, suspension", rebuilt=False)
tokens = KeptRecord.named("token", dropped_by="revocation, suspension, deletion")
