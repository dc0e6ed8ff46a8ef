"""What an error of PostgreSQL means: writing is paused only while it is away, not when one statement took too long."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.tests.factories import page_of, person
from socialnet.kernel.errors import DatabaseAway
from socialnet.kernel.postgres import base as postgres
from socialnet.kernel.postgres import is_away

pytestmark = pytest.mark.django_db(transaction=True)
RAISED = {  # by its SQLSTATE
    "statement timeout": ("57014", False),
    "deadlock": ("40P01", False),
    "lock timeout": ("55P03", False),
    "serialization": ("40001", False),
    "too many connections": ("53300", True),
    "disk full": ("53100", True),
    "shutdown": ("57P01", True),
    "starting": ("57P03", True),
    "connection lost": ("08006", True),
}


def error_of(sql: str) -> OperationalError:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute(sql)
    return caught.value


@pytest.mark.parametrize("name", RAISED)
def test_each_code_of_postgresql(name: str) -> None:
    code, away = RAISED[name]
    assert is_away(error_of(f"DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$")) is away


def test_a_statement_that_takes_too_long_is_not_away() -> None:
    assert not is_away(error_of("SET statement_timeout = 20; SELECT pg_sleep(5)"))
    connection.close()


def test_a_lost_connection_is_away() -> None:
    assert is_away(error_of("SELECT pg_terminate_backend(pg_backend_pid())"))
    connection.close()


def test_a_refused_connection_and_an_open_breaker_are_away() -> None:
    connection.close()
    address = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        assert is_away(error_of("SELECT 1"))
        postgres.breaker._breaker.open()
        assert is_away(error_of("SELECT 1"))
    finally:
        connection.settings_dict["HOST"] = address
        postgres.breaker.close()


def test_other_errors_are_not_its_absence() -> None:
    assert is_away(DatabaseAway()) and not is_away(ValueError())


# --- what people are told ----------------------------------------------------------------------------------


@pytest.fixture
def ada() -> Client:
    browser = page_of(person("ada"))
    browser.raise_request_exception = False
    assert browser.get("/").status_code == 200
    return browser


@contextmanager
def failing(code: str) -> Iterator[None]:
    """Every INSERT of a post meets this error, as PostgreSQL sends it."""

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'INSERT INTO "feeds_post"' in sql:
            sql, params = f"DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$", None
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.parametrize(
    ("code", "said"), [("40P01", "unavailable"), ("57014", "unavailable"), ("57P01", "writing_paused")]
)
def test_writing_is_paused_only_while_it_is_away(ada: Client, code: str, said: str) -> None:
    with failing(code):
        program = ada.post("/api/v1/posts", {"content": "my words"}, "application/json")
        page = ada.post("/posts", {"content": "my words", "visibility": "public"})
    assert (program.status_code, program.json()["code"]) == (503, said)
    assert page.status_code == 503 and int(page["Retry-After"]) > 0
    text = page.content.decode()
    assert "my words" in text and "Try again" in text
    assert ("Writing is paused" in text) is (said == "writing_paused")
