"""What may be sent to the API, and what is refused before anybody looks at it."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test import Client, RequestFactory

from socialnet.kernel.rest.parsers import MAX_DEPTH
from socialnet.kernel.tests.probes import ThingsView
from socialnet.kernel.tests.test_api_errors import problem


def send(browser: Client, body: Any) -> Any:
    return browser.post("/api/v1/things", body, content_type="application/json")


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        " ",
        "[]",
        '"text"',
        "3",
        "null",
        '{"id": NaN}',
        '{"id": Infinity}',
        '{"id": 1e999}',
        '{"id": 1, "id": 2}',
        '{"a": {"b": 1, "b": 2}}',
        b'{"name": "\xff\xfe"}',
        "[" * 100_000,
        '{"a": ' * (MAX_DEPTH + 2) + "1" + "}" * (MAX_DEPTH + 2),
        '{"id": ' + "9" * 5000 + "}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_plain_json_object_is_malformed(browser: Client, body: Any) -> None:
    response = send(browser, body)
    if body == "":
        problem(response, 400, "invalid")  # no body is an empty object
    else:
        problem(response, 400, "malformed")


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800", "a\\udfffb"])
def test_characters_that_cannot_be_kept_are_refused_by_field(browser: Client, text: str) -> None:
    body = problem(send(browser, f'{{"id": "1", "name": "{text}"}}'), 400, "invalid")
    assert set(body["errors"]) == {"name"}


def test_nested_fields_and_names_are_named_too(browser: Client) -> None:
    body = problem(send(browser, '{"author": {"bio": "\\u0000"}, "x\\u0000": 1}'), 400, "invalid")
    assert set(body["errors"]) == {"author.bio", "non_field_errors"}


def test_nul_in_forms_is_refused_by_field(browser: Client) -> None:
    body = problem(browser.post("/api/v1/things", {"id": "1", "name": "a\0b"}), 400, "invalid")
    assert set(body["errors"]) == {"name"}


def test_emoji_and_right_to_left_pass(browser: Client) -> None:
    response = browser.post(
        "/api/v1/things", {"id": "1", "name": "שלום 👩‍🚀"}, content_type="application/json"
    )
    assert response.status_code == 201 and response.json()["name"] == "שלום 👩‍🚀"


def test_a_body_over_the_limit_is_a_413(browser: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    problem(send(browser, json.dumps({"name": "x" * 1000})), 413, "too_large")


class Unread(BytesIO):
    """A body of which somebody counts what was read."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
@pytest.mark.parametrize("path", ["/api/v1/things", "/probe/page"])
def test_fifty_megabytes_are_refused_unread(probes: None, kind: str, path: str) -> None:
    body = Unread(b"x" * 50_000_000)
    environ = RequestFactory().post(path, content_type=kind).environ
    environ |= {"wsgi.input": body, "CONTENT_LENGTH": "50000000"}
    response = WSGIHandler().get_response(WSGIRequest(environ))
    assert (response.status_code, body.taken) == (413, 0)


@pytest.mark.parametrize("length", ["-1", "many", "1e3"])
def test_a_length_that_is_none_is_malformed(browser: Client, length: str) -> None:
    response = browser.post("/api/v1/things", "{}", content_type="application/json", CONTENT_LENGTH=length)
    problem(response, 400, "malformed")


def test_a_body_of_unknown_length_is_refused_and_not_taken_for_none(browser: Client) -> None:
    response = browser.get("/api/v1/things", headers={"Transfer-Encoding": "chunked"})
    assert "Content-Length" in problem(response, 400, "malformed")["detail"]


def test_nul_in_the_query_is_malformed(browser: Client) -> None:
    problem(browser.get("/api/v1/things?cursor=%00"), 400, "malformed")


def test_nothing_was_made_by_what_was_refused(browser: Client) -> None:
    before = len(ThingsView.made)
    send(browser, '{"name": "\\ud800"}')
    assert len(ThingsView.made) == before
