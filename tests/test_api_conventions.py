"""Every endpoint of the API keeps the conventions, whoever wrote it: each new one is tried here by itself."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from accounts.tests.factories import person
from feeds.models import Post
from socialnet.kernel.api import APIView

METHODS = ("get", "post", "put", "patch", "delete")
SAMPLES = {"username": "ada", "uuid": "00000000-0000-4000-8000-000000000000"}


def endpoints(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in get_resolver("socialnet.urls").url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from endpoints(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/v1"):
            yield (
                "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda match: SAMPLES.get(match[1], "1"), route),
                pattern.callback,
            )


ENDPOINTS = dict(endpoints())


@pytest.fixture
def ada(db: None) -> User:
    return person("ada")


@pytest.fixture
def browser(ada: User, settings: Any) -> Client:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "100000/h")
    browser = Client(raise_request_exception=False)
    browser.force_login(ada)
    return browser


def keeps_the_conventions(response: Any) -> None:
    assert response.status_code < 500, response.content
    assert {"X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Vary"} <= set(
        response.headers
    )
    assert "no-store" in response["Cache-Control"] or "public, max-age" in response["Cache-Control"]
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["status"] == response.status_code and response.json()["code"]


def test_there_are_endpoints() -> None:
    assert len(ENDPOINTS) > 20


@pytest.mark.parametrize("path", ENDPOINTS)
def test_views_inherit_the_conventions(path: str) -> None:
    assert issubclass(ENDPOINTS[path].cls, APIView)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_method_answers_in_the_same_way(browser: Client, path: str) -> None:
    allowed = {method for method in METHODS if hasattr(ENDPOINTS[path].cls, method)}
    for method in METHODS:
        for client in (browser, Client(raise_request_exception=False)):
            response = getattr(client, method)(path, content_type="application/json")
            keeps_the_conventions(response)
            assert (response.status_code == 405) == (method not in allowed), (method, response.status_code)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_the_slash_at_the_end_makes_no_difference(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == browser.get(f"{path}/").status_code


ABSURD_IDS = ("9" * 31, "9223372036854775808", "9" * 5000)
ABSURD_NAMES = ("a" * 5000, "%00", "%F0%9F%98%80", "ada%0A", "%2e%2e", "admin'--", "nobody")


@pytest.mark.parametrize("path", [path for path in ENDPOINTS if re.search(r"/(1|ada)(/|$)", path)])
def test_absurd_ids_and_names_are_404(browser: Client, path: str) -> None:
    absurd = ABSURD_NAMES if "/ada" in path else ABSURD_IDS
    for part in absurd:
        response = browser.get(re.sub(r"/(1|ada)(?=/|$)", f"/{part}", path))
        assert response.status_code in (404, 405) and response["Content-Type"] == "application/problem+json"


BODIES = (
    "[1]",
    '"x"',
    '{"username": "a\\u0000", "content": "\\u0000", "display_name": "\\u0000", "login": "\\u0000"}',
    '{"username": "\\ud800", "content": "\\ud800", "bio": "\\ud800", "login": "\\ud800", "email": "\\ud800"}',
    '{"username": {}, "content": [], "display_name": 3.5, "bio": {"a": 1}, "notify": "x", "until": 7, "version": []}',
    '{"version": 1e308, "until": 99999999999999999999999999, "password": 99999999999999999999999}',
    '{"content": "'
    + "x" * 100_000
    + '", "bio": "'
    + "x" * 100_000
    + '", "username": "'
    + "x" * 100_000
    + '"}',
)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_absurd_bodies_break_nothing(browser: Client, path: str) -> None:
    for method in ("post", "put", "patch", "delete"):
        if not hasattr(ENDPOINTS[path].cls, method):
            continue
        for body in BODIES:
            response = getattr(browser, method)(path, body, content_type="application/json")
            keeps_the_conventions(response)
            assert method != "post" or 400 <= response.status_code < 500, body


LISTS = ["/api/v1/users/ada/followers", "/api/v1/users/ada/following", "/api/v1/users/ada/posts", "/api/v1/feed",
         "/api/v1/me/blocks", "/api/v1/me/mutes", "/api/v1/me/follow-requests", "/api/v1/me/sessions",
         "/api/v1/auth/tokens", "/api/v1/users/ada/media", "/api/v1/me/bookmarks", "/api/v1/me/hidden",
         "/api/v1/hashtags/word/posts", "/api/v1/hashtags/word/people", "/api/v1/me/hashtags"]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_lists(browser: Client, path: str) -> None:
    assert set(browser.get(path).json()) == {"results", "next_cursor", "has_more"}
    for query, code in (
        ("cursor=tampered", "invalid_cursor"),
        ("limit=many", "invalid"),
        ("sort=up", "unknown_filter"),
        ("fields=nothing_like_it", "unknown_field"),
    ):
        response = browser.get(f"{path}?{query}")
        assert (response.status_code, response.json()["code"]) == (400, code), query


def test_one_key_makes_one_post(browser: Client) -> None:
    post = {"content": "hello", "visibility": "public"}
    answers = [
        browser.post("/api/v1/posts", post, "application/json", headers={"Idempotency-Key": "k1"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json() and answers[0]["Location"] == answers[1]["Location"]
    assert answers[1]["Idempotent-Replay"] == "true" and Post.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_posts_at_once_with_one_key_are_one(ada: User) -> None:
    def publish(browser: Client) -> int:
        try:
            body, key = {"content": "hello"}, {"Idempotency-Key": "k1"}
            return browser.post("/api/v1/posts", body, "application/json", headers=key).status_code
        finally:
            connection.close()

    browsers = [Client(raise_request_exception=False) for _ in range(8)]
    for browser in browsers:
        browser.force_login(ada)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(publish, browsers))
    assert set(codes) <= {201, 409} and 201 in codes and Post.objects.count() == 1
