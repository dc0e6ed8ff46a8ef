"""Whatever goes wrong under /api/ is a problem with a code, the same for programs in every case."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from socialnet.kernel.management.commands.api_errors import as_markdown
from socialnet.kernel.rest.exceptions import documented_errors

DOCUMENT = Path(django_settings.BASE_DIR) / "docs/api-errors.md"


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == response["X-Request-ID"]
    assert response["Cache-Control"] == "private, no-store"
    return body


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("not-found", 404, "not_found"),
        ("forbidden", 403, "forbidden"),
        ("conflict", 409, "conflict"),
        ("denied", 403, "forbidden"),
        ("database", 503, "unavailable"),
        ("connection", 503, "unavailable"),
        ("mistake", 500, "server_error"),
    ],
)
def test_each_error_is_a_problem(browser: Client, how: str, status: int, code: str) -> None:
    problem(browser.get(f"/api/v1/failing/{how}"), status, code)


def test_a_mistake_of_ours_tells_nothing_but_its_number(browser: Client) -> None:
    body = problem(browser.get("/api/v1/failing/mistake"), 500, "server_error")
    assert "Zero" not in str(body) and body["errors"] == {}


def test_writing_is_paused_while_the_database_is_away(signed_in: Client) -> None:
    response = signed_in.post("/api/v1/failing/database")
    problem(response, 503, "writing_paused")
    assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/nothing/", "/api/v2/feed", "/api", "/api/"])
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
def test_an_unknown_path_is_a_404_with_all_headers(browser: Client, path: str, method: str) -> None:
    response = getattr(browser, method)(path)
    problem(response, 404, "not_found")
    assert "RateLimit-Remaining" in response


@pytest.mark.parametrize("number", ["9" * 31, "9007199254740993", "-1", "1.5", "١", "1%00"])
def test_what_cannot_be_an_id_is_a_404(browser: Client, number: str) -> None:
    problem(browser.get(f"/api/v1/things/{number}"), 404, "not_found")


def test_a_wrong_method_is_a_405_also_for_visitors(browser: Client) -> None:
    response = browser.delete("/api/v1/things")
    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_who_is_not_signed_in_is_asked_to_with_401(browser: Client) -> None:
    response = browser.get("/api/v1/mine")
    problem(response, 401, "not_signed_in")
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert "RateLimit-Remaining" in response


@pytest.mark.django_db
def test_a_wrong_token_is_a_401_and_counts(browser: Client) -> None:
    response = browser.get("/api/v1/things", headers={"Authorization": "Bearer nonsense"})
    assert response.status_code == 401
    assert response["RateLimit-Remaining"] == "599"


def test_a_post_by_session_without_its_csrf_token_is_refused(ada: Any, probes: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)
    problem(browser.post("/api/v1/mine"), 403, "csrf_failed")


def test_a_format_nobody_speaks_is_a_406(browser: Client) -> None:
    problem(browser.get("/api/v1/things", headers={"Accept": "image/png"}), 406, "not_acceptable")


def test_a_content_type_nobody_reads_is_a_415(browser: Client) -> None:
    problem(browser.post("/api/v1/things", "x", content_type="text/csv"), 415, "unsupported_media_type")


def test_invalid_fields_are_named(browser: Client) -> None:
    response = browser.post("/api/v1/things", {"name": "x" * 11}, content_type="application/json")
    assert set(problem(response, 400, "invalid")["errors"]) == {"name", "id"}


def test_a_page_for_a_host_we_do_not_have_is_refused(browser: Client) -> None:
    problem(browser.get("/api/v1/things", headers={"Host": "evil.example"}), 400, "malformed")


def test_every_code_is_documented() -> None:
    import socialnet.outbox.errors  # noqa: F401

    assert DOCUMENT.read_text() == as_markdown(), "run manage.py api_errors --file docs/api-errors.md"


def test_codes_are_words_and_belong_to_one_status() -> None:
    for kind in documented_errors():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", kind.code)


@pytest.mark.django_db
def test_the_page_of_codes_has_a_place_for_each(browser: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "socialnet.urls"
    page = browser.get("/help/api-errors").content.decode()
    assert 'id="edit_conflict"' in page and 'id="not_found"' in page
