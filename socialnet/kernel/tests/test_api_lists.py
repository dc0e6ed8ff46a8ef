"""Lists, sparse fields, ETags and the headers of every answer."""

from typing import Any

import pytest
from django.test import Client

from socialnet.kernel.tests.probes import THINGS
from socialnet.kernel.tests.test_api_errors import problem


def test_a_page_says_where_it_goes_on_in_body_and_link(browser: Client) -> None:
    response = browser.get("/api/v1/things?limit=2")
    body = response.json()
    assert [thing["id"] for thing in body["results"]] == ["250", "249"] and body["has_more"] is True
    assert response["Link"] == (
        f'<http://testserver/api/v1/things?limit=2&cursor={body["next_cursor"]}>; rel="next"'
    )


def test_following_the_links_shows_everything_once(browser: Client) -> None:
    seen: list[str] = []
    url: str | None = "/api/v1/things?limit=100"
    while url:
        response = browser.get(url)
        seen += [thing["id"] for thing in response.json()["results"]]
        url = response["Link"].split("<")[1].split(">")[0] if "Link" in response else None
    assert seen == [str(thing.id) for thing in THINGS]


@pytest.mark.parametrize(
    ("limit", "count"), [("0", 1), ("-5", 1), ("1", 1), ("101", 100), ("9999999", 100), ("", 20)]
)
def test_the_limit_is_clamped(browser: Client, limit: str, count: int) -> None:
    assert len(browser.get(f"/api/v1/things?limit={limit}").json()["results"]) == count


@pytest.mark.parametrize("limit", ["ten", "1.5", "1e2", "9" * 5000], ids=lambda text: text[:9])
def test_a_limit_that_is_no_number_is_refused(browser: Client, limit: str) -> None:
    assert set(problem(browser.get(f"/api/v1/things?limit={limit}"), 400, "invalid")["errors"]) == {"limit"}


@pytest.mark.parametrize(
    "cursor", ["nonsense", "AAAA", "é", "A" * 500, "AAAAAAAAAPoAAAAAAAAAAA"], ids=lambda text: text[:30]
)
def test_a_cursor_that_we_did_not_make_is_refused(browser: Client, cursor: str) -> None:
    problem(browser.get("/api/v1/things", {"cursor": cursor}), 400, "invalid_cursor")


def test_an_unknown_filter_is_refused(browser: Client) -> None:
    body = problem(browser.get("/api/v1/things?sort=name"), 400, "unknown_filter")
    assert set(body["errors"]) == {"sort"}


def test_only_the_fields_that_were_asked_for(browser: Client) -> None:
    body = browser.get("/api/v1/things?limit=1&fields=id,author.username").json()
    assert body["results"] == [{"id": "250", "author": {"username": "ada"}}]
    assert browser.get("/api/v1/things/7?fields=name").json() == {"name": "thing"}
    assert browser.get("/api/v1/things/7?fields=author,id").json()["author"] == {
        "username": "ada",
        "display_name": "Ada",
    }


@pytest.mark.parametrize(
    "fields", ["nope", "author.nope", "id.nope", "id,,name", "", ".", "a" * 300, "id." * 20]
)
@pytest.mark.parametrize("path", ["/api/v1/things", "/api/v1/things/7"])
def test_an_unknown_field_is_refused(browser: Client, path: str, fields: str) -> None:
    problem(browser.get(path, {"fields": fields}), 400, "unknown_field")


def test_an_unknown_field_is_refused_also_when_the_list_is_empty(browser: Client) -> None:
    nothing = {"X-Nothing": "1"}
    problem(browser.get("/api/v1/things?fields=nope", headers=nothing), 400, "unknown_field")
    assert browser.get("/api/v1/things?fields=id", headers=nothing).json()["results"] == []


def test_an_unknown_field_stops_a_write_before_it_happens(browser: Client) -> None:
    thing = {"id": "1", "name": "thing"}
    problem(browser.post("/api/v1/things?fields=nope", thing, "application/json"), 400, "unknown_field")
    answer = browser.post("/api/v1/things?fields=name", thing, "application/json")
    assert answer.status_code == 201 and answer.json() == {"name": "thing"}


def test_one_object_has_an_etag_and_answers_304(browser: Client) -> None:
    first = browser.get("/api/v1/things/7")
    again = browser.get("/api/v1/things/7", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"] and "RateLimit-Limit" in again and "X-Request-ID" in again
    other = browser.get("/api/v1/things/8", headers={"If-None-Match": first["ETag"]})
    assert other.status_code == 200
    assert "ETag" not in browser.get("/api/v1/things")


def test_private_answers_are_kept_by_nobody(browser: Client) -> None:
    response = browser.get("/api/v1/things/7")
    assert response["Cache-Control"] == "private, no-store"
    assert {"Accept", "Authorization", "Cookie"} <= {part.strip() for part in response["Vary"].split(",")}


def test_public_answers_may_be_kept_for_visitors_only(signed_in: Client) -> None:
    assert signed_in.get("/api/v1/public")["Cache-Control"] == "private, no-store"
    assert Client().get("/api/v1/public")["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("path", ["/api/v1/things/7", "/api/v1/things"])
def test_a_slash_at_the_end_is_tolerated_and_not_redirected(browser: Client, path: str) -> None:
    assert browser.get(f"{path}/").status_code == 200
    assert browser.get(f"{path}//").status_code == 404


def test_the_callers_request_id_is_taken_if_it_is_harmless(browser: Client) -> None:
    assert (
        browser.get("/api/v1/things", headers={"X-Request-ID": "abc-DEF_12"})["X-Request-ID"] == "abc-DEF_12"
    )
    for given in ("short", "x" * 65, "with space", "ünïcode-id", ""):
        made = browser.get("/api/v1/things", headers={"X-Request-ID": given})["X-Request-ID"]
        assert len(made) == 32 and made != given


def test_people_signed_in_get_pages_in_a_browser_and_visitors_json(signed_in: Client) -> None:
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = signed_in.get("/api/v1/things/7", headers=accept)
    assert page["Content-Type"].startswith("text/html") and "thing" in page.content.decode()
    assert "<style" not in page.content.decode()
    refused = signed_in.get("/api/v1/things/251", headers=accept)
    assert refused.status_code == 404 and refused["Content-Type"].startswith("text/html")
    visitor = Client().get("/api/v1/things/7", headers=accept)
    assert visitor["Content-Type"] == "application/json"


def test_options_describe_a_path(browser: Client) -> None:
    response = browser.options("/api/v1/things")
    assert response.status_code == 200 and response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_other_sites_may_call_with_tokens_but_not_with_cookies(browser: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    response = browser.options("/api/v1/things", headers=asked)
    assert response["Access-Control-Allow-Origin"] == "https://app.example"
    assert "idempotency-key" in response["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in response
    stranger = browser.get("/api/v1/things", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in stranger
