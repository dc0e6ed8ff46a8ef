"""Django's PostgreSQL backend with the breaker in front of new connections, and cheaper health checks."""

import select
import time
from typing import Any

import psycopg2
from django.db.backends.postgresql import base
from django.db.utils import OperationalError

from socialnet.kernel.breaker import Breaker, Refused

# For which a connection is taken to be sound after it was used, while its socket says nothing.
SURE_SECONDS = 5.0

# Ten failures within a minute open it; one connection probes every five seconds.
breaker = Breaker(
    "postgresql", failures=10, window=60, pause=5, counts=lambda error: isinstance(error, psycopg2.Error)
)


class DatabaseWrapper(base.DatabaseWrapper):
    health_check_enabled: bool
    health_check_done: bool
    _used_at = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            with breaker.calling():
                return super().get_new_connection(conn_params)
        except Refused as error:
            raise OperationalError("PostgreSQL lately did not answer; not asked again yet") from error

    def close_if_unusable_or_obsolete(self) -> None:
        """At the start and at the end of every request."""
        if self.health_check_done:
            self._used_at = time.monotonic()
        super().close_if_unusable_or_obsolete()

    def close_if_health_check_failed(self) -> None:
        """Ask PostgreSQL only after a pause, or when the socket has something to say: a server that stops, or that
        ends this session, closes it. Everybody else is spared a round trip."""
        is_due = self.connection is not None and self.health_check_enabled and not self.health_check_done
        if (
            is_due
            and time.monotonic() - self._used_at < SURE_SECONDS
            and not _says_something(self.connection)
        ):
            self.health_check_done = True
            return
        super().close_if_health_check_failed()


def _says_something(connection: Any) -> bool:
    """Whether there is anything to read on a connection that nobody has asked anything: its end, most of the time."""
    try:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    except (psycopg2.Error, OSError, ValueError):
        return True
