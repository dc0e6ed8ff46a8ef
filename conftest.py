"""Test set-up: each worker has its own database, made by the owner and used as the application's role, and its own
Redis process. Nothing is faked."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from django.test.utils import override_settings
from django.urls import set_urlconf

from socialnet.embedded.engines import RunningEngine, start_valkey
from socialnet.kernel import overload, redis
from socialnet.kernel.outside import ways
from socialnet.kernel.postgres import base as postgres

_SEND_AWAY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()
"""
_BEGIN_ANEW = """
SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL AND NOT sequencename = ANY(%s)
"""
_GO_ROUND = """
SELECT nextval('socialnet_id_sequence') FROM (SELECT last_value & 4095 AS at FROM socialnet_id_sequence) used,
generate_series(at, 4095) WHERE at > 3500
"""
KEEP = {"django_migrations", "django_content_type", "auth_permission"}
MANY = 1000  # rows of one table


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """This worker's own Redis; tests may stop it, and start another in its place."""
    with start_valkey(tmp_path_factory.mktemp("redis")) as engine:
        use_redis(engine.url)
        yield engine


def use_redis(url: str) -> None:
    """Point every door to Redis at `url`."""
    from socialnet.celery import app

    settings.REDIS_URL = url
    settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"][0]["address"] = url
    settings.CELERY_BROKER_URL = f"redis+socket://{urlsplit(url).path}?virtual_host=1"
    app.conf.broker_url = settings.CELERY_BROKER_URL
    redis._client.cache_clear()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, request: pytest.FixtureRequest
) -> Iterator[None]:
    told = getattr(request.config, "workerinput", {"workerid": "main", "testrunuid": os.getpid()})
    owner, application = connections["owner"], connections["default"]
    real_name = owner.settings_dict["NAME"]
    test_name = f"test_{real_name}_{told['workerid']}"
    with django_db_blocker.unblock():
        _drop_database(test_name, beside=real_name)
        model = _migrated_once(f"test_{real_name}", run=told["testrunuid"])
        with closing(_as_owner(real_name)) as connection, connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{test_name}" TEMPLATE "{model}"')
        for used in (owner, application):
            used.close()
            used.settings_dict["NAME"] = test_name
    yield
    with django_db_blocker.unblock():
        application.close()
        owner.close()
        _drop_database(test_name, beside=real_name)


def _migrated_once(name: str, *, run: str | int) -> str:
    """`name`, a database with all tables: made by the worker of this run that comes first, copied by each."""
    owner = connections["owner"]
    with (settings.HOME / "test_database").open("a+") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        note.seek(0)
        if note.read() == f"{run}":
            return name
        owner.settings_dict["TEST"]["NAME"] = name
        owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        for used in (owner, connections["default"]):
            used.close()
        note.truncate(0)
        note.write(f"{run}")
    return name


def _connect(alias: str, database: str) -> Any:
    """A connection past Django, which guards its own in tests."""
    params = connections[alias].get_connection_params()
    known = {name: params[name] for name in ("user", "password", "host", "port") if name in params}
    connection = psycopg2.connect(**known, dbname=database)
    connection.autocommit = True
    return connection


def _as_owner(database: str) -> Any:
    return _connect("owner", database)


def _drop_database(name: str, *, beside: str) -> None:
    """Whoever still holds on to it (a thread or a process that a test started) is sent away first."""
    for alias in ("default", "owner"):  # each role may end its own connections only
        with closing(_connect(alias, beside)) as connection, connection.cursor() as cursor:
            cursor.execute(_SEND_AWAY, [name])
    with closing(_as_owner(beside)) as connection, connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


def _empty_tables(self: TransactionTestCase) -> None:
    """What `flush` does, by the owner: the application's role may not delete everywhere.

    Only what holds rows is emptied, row by row: to truncate eighty tables takes twenty times as long. Where many went
    all are truncated after all: indexes keep the pages of what is gone, and plans would be others.
    """
    with (
        closing(_as_owner(connections["default"].settings_dict["NAME"])) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = sorted({name for (name,) in cursor.fetchall()} - KEEP)
        cursor.execute(" UNION ALL ".join(f"""(SELECT '{name}' FROM "{name}" LIMIT 1)""" for name in tables))
        filled = [name for (name,) in cursor.fetchall()]
        are_many = False
        cursor.execute("BEGIN; SET CONSTRAINTS ALL DEFERRED")
        for name in filled:
            cursor.execute(f'DELETE FROM "{name}"')
            are_many |= cursor.rowcount > MANY
        cursor.execute("COMMIT")
        if are_many:
            cursor.execute("TRUNCATE {} CASCADE".format(", ".join(f'"{name}"' for name in tables)))
        cursor.execute(_BEGIN_ANEW, [[f"{name}_id_seq" for name in KEEP]])


@pytest.fixture(scope="session", autouse=True)
def owner_empties_tables() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", _empty_tables)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def addresses_of_the_site() -> None:
    """A test that asked with addresses of its own leaves them to the thread: the next begins with the site's."""
    set_urlconf(None)


@pytest.fixture(autouse=True)
def fresh_neighbours(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Each test that touches the database begins with an empty Redis, closed breakers and its own folders."""
    if not {"db", "transactional_db", "redis_process"} & set(
        request.fixturenames
    ) and not request.node.get_closest_marker("django_db"):
        yield
        return
    from accounts import standins
    from discovery.search import steps
    from feeds import active, idle, insights, selectors, shields, sources, tagged, top
    from interactions import popular
    from moderation.screening import classifier
    from socialnet.kernel import cache

    request.getfixturevalue("redis_process")
    redis.breaker.close()
    postgres.breaker.close()
    selectors.breaker.close()
    selectors.closest_breaker.close()
    top.breaker.close()
    classifier.breaker.close()
    for one in steps.ALL:
        one.close()
    redis._client().flushall()
    overload.forget_here()
    cache.forget_here()
    active.forget_here()
    standins._looked_after.clear()
    idle._noted.clear()
    sources.forget_here()
    sources._recent.clear()
    tagged.forget_here()
    shields.forget_here()
    insights.forget_here()
    popular._remembered = (float("-inf"), [])
    with override_settings(
        MEDIA_ROOT=tmp_path / "media", MAIL_BOX=tmp_path / "mail", INSIGHTS_SECONDS=0
    ):  # storages listen to this
        yield


@pytest.fixture(autouse=True)
def commits_in_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In tests that are rolled back, what waits for a commit runs when the action's own transaction ends."""
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        return
    original = postgres.DatabaseWrapper._savepoint_commit

    def commit(self: Any, sid: str) -> None:
        original(self, sid)
        if not self.savepoint_ids:  # only the test's own transaction is left
            waiting, self.run_on_commit = self.run_on_commit, []
            for _sids, callback, _robust in waiting:
                callback()

    monkeypatch.setattr(postgres.DatabaseWrapper, "_savepoint_commit", commit)


@pytest.fixture(autouse=True)
def ids_in_order(request: pytest.FixtureRequest) -> None:
    """Ids of one millisecond grow, but where their sequence goes round, once in 4,096: never within a short test."""
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        return  # each begins with a new sequence
    if marker or "db" in request.fixturenames:
        request.getfixturevalue("db")
        with connections["default"].cursor() as cursor:
            cursor.execute(_GO_ROUND)


@pytest.fixture(autouse=True)
def nobody_outside() -> Iterator[None]:
    """No test asks anybody outside this machine: it says who would answer, or fails at the first look-up of a name."""

    def lookup(_host: str, _port: int) -> list[ways.Way]:
        raise AssertionError("a test asks the outside: replace outside.get, or ways._lookup")

    with pytest.MonkeyPatch.context() as patch:  # of its own: tests undo theirs
        patch.setattr(ways, "_lookup", lookup)
        yield
