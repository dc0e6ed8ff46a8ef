"""A connection that lasts is checked before it is used again: without a round trip, as long as that is safe."""

from contextlib import closing
from typing import Any

import pytest
from django.db import connection

from conftest import _connect as connect
from socialnet.kernel.postgres import base

pytestmark = pytest.mark.django_db(transaction=True)


def end_of_a_request() -> None:
    """What Django does at the start and at the end of each."""
    connection.close_if_unusable_or_obsolete()


def one() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What came of the round trips that were made to check."""
    made: list[bool] = []
    is_usable = base.DatabaseWrapper.is_usable

    def noted(self: base.DatabaseWrapper) -> bool:
        made.append(is_usable(self))
        return made[-1]

    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", noted)
    connection.close()
    assert one() == 1
    end_of_a_request()
    return made


def test_a_connection_that_was_just_used_costs_no_round_trip(checks: list[bool]) -> None:
    for _request in range(3):
        assert one() == 1
        end_of_a_request()
    assert checks == []


def test_after_a_pause_it_is_asked(checks: list[bool]) -> None:
    connection._used_at -= base.SURE_SECONDS  # type: ignore[attr-defined]
    assert one() == 1
    assert checks == [True]


def test_looking_without_using_does_not_make_it_sound(checks: list[bool]) -> None:
    connection._used_at -= base.SURE_SECONDS  # type: ignore[attr-defined]
    end_of_a_request()  # of one that asked nothing
    assert one() == 1
    assert checks == [True]


def test_a_session_that_the_server_ended_is_noticed_without_an_error(checks: list[bool]) -> None:
    session = connection.connection
    with closing(connect("default", connection.settings_dict["NAME"])) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [session.get_backend_pid()])
    assert one() == 1
    assert checks == [False] and connection.connection is not session
