"""The log carries ids, counts and durations; never what somebody wrote, typed or is called."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.test import Client

from socialnet.kernel.logging import bound, configure, request_id


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    configure({"format": "json", "level": "INFO"})
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    configure(django_settings.LOGGING)


def test_a_line_carries_the_request_it_belongs_to(lines: Any) -> None:
    with bound(request_id="abcdefgh"):
        structlog.get_logger("here").info("done", count=3)
        logging.getLogger("elsewhere").info("counted %s", 4)
        assert request_id() == "abcdefgh"
    assert request_id() == ""
    own, foreign = lines()
    assert (own["event"], own["count"], own["request_id"]) == ("done", 3, "abcdefgh")
    assert (foreign["event"], foreign["request_id"]) == ("counted 4", "abcdefgh")


def test_an_exception_shows_its_place_and_not_its_words(lines: Any) -> None:
    try:
        try:
            raise ValueError("Key (email)=(ada@example.com) already exists")
        except ValueError as error:
            raise KeyError("a secret") from error
    except KeyError:
        structlog.get_logger().exception("failed")
        logging.getLogger("elsewhere").exception("failed, too")
    told = lines()
    assert [line["error"] for line in told] == ["KeyError <- ValueError"] * 2
    assert "test_logging.py" in told[0]["at"][0]
    assert "ada@" not in str(told) and "secret" not in str(told)


def test_a_request_leaves_one_line_without_what_was_sent(browser: Client, lines: Any) -> None:
    lines()
    words = {"name": "words of ada", "password": "hunter2hunter2"}
    browser.post("/api/v1/things?cursor=searched-for", words, headers={"X-Request-ID": "my-request-id"})
    browser.post("/probe/failing/mistake", words)
    browser.get("/nothing/called/secret-path")
    browser.get("/api/v1/things", headers={"Host": "secret.example"})
    told = lines()
    first = next(line for line in told if line["event"] == "request")
    assert (first["route"], first["status"], first["request_id"]) == ("api/v1/things", 400, "my-request-id")
    assert first["ms"] >= 0
    for word in ("words of", "hunter2", "searched-for", "secret"):
        assert word not in json.dumps(told)
    mistake = next(line for line in told if "error" in line)
    assert mistake["error"] == "ZeroDivisionError" and mistake["request_id"]


def test_health_and_figures_are_not_worth_a_line(browser: Client, lines: Any) -> None:
    lines()
    browser.get("/health/live")
    browser.get("/metrics")
    assert lines() == []
