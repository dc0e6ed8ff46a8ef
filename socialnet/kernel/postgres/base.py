"""Django's PostgreSQL backend with the breaker in front of new connections."""

from typing import Any

import psycopg2
from django.db.backends.postgresql import base
from django.db.utils import OperationalError

from socialnet.kernel.breaker import Breaker, Refused

# Ten failures within a minute open it; one connection probes every five seconds.
breaker = Breaker(
    "postgresql", failures=10, window=60, pause=5, counts=lambda error: isinstance(error, psycopg2.Error)
)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            with breaker.calling():
                return super().get_new_connection(conn_params)
        except Refused as error:
            raise OperationalError("PostgreSQL lately did not answer; not asked again yet") from error
