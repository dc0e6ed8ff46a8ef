"""PostgreSQL away, on the real pages and endpoints: nobody loses what they typed, nobody sees a stack trace."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.tests.factories import person
from feeds.models import Post
from socialnet.kernel import health
from socialnet.kernel.postgres import base as postgres

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> Client:
    """Signed in, and lately seen."""
    browser = Client(raise_request_exception=False)
    browser.force_login(person("ada"))
    assert browser.get("/").status_code == 200
    return browser


class Away:
    """Takes PostgreSQL away from this process and gives it back."""

    def __init__(self) -> None:
        self.address = connection.settings_dict["HOST"]

    def go(self) -> None:
        connection.close()
        connection.settings_dict["HOST"] = "/nowhere"

    def come_back(self) -> None:
        connection.close()
        connection.settings_dict["HOST"] = self.address
        postgres.breaker.close()


@pytest.fixture
def postgresql() -> Iterator[Away]:
    away = Away()
    yield away
    away.come_back()


def test_a_post_is_given_back_and_kept_when_sent_again(ada: Client, postgresql: Away) -> None:
    fields = {"content": "my <words>", "visibility": "public", "idempotency_key": "one"}
    postgresql.go()
    refused = ada.post("/posts", fields)
    page = refused.content.decode()
    assert refused.status_code == 503 and int(refused["Retry-After"]) > 0
    assert "my &lt;words&gt;" in page and "Try again" in page and refused["X-Request-ID"] in page
    postgresql.come_back()
    assert ada.post("/posts", fields).status_code == 302
    assert ada.post("/posts", fields)["Idempotent-Replay"] == "true"
    assert Post.objects.count() == 1


def test_programs_are_told_to_come_back(ada: Client, postgresql: Away) -> None:
    postgresql.go()
    for method, path in (
        ("post", "posts"),
        ("put", "users/ada/follow"),
        ("patch", "me"),
        ("delete", "posts/1"),
    ):
        answer = getattr(ada, method)(f"/api/v1/{path}", {"content": "x"}, "application/json")
        assert (answer.status_code, answer.json()["code"]) == (503, "writing_paused"), path
        assert int(answer["Retry-After"]) > 0 and answer["Content-Type"] == "application/problem+json"


def test_a_key_used_meanwhile_is_still_good(ada: Client, postgresql: Away) -> None:
    def publish() -> Any:
        return ada.post(
            "/api/v1/posts", {"content": "x"}, "application/json", headers={"Idempotency-Key": "one"}
        )

    postgresql.go()
    assert publish().status_code == 503
    postgresql.come_back()
    assert publish().status_code == 201 and publish()["Idempotent-Replay"] == "true"
    assert Post.objects.count() == 1


def test_pages_that_need_nothing_go_on(ada: Client, postgresql: Away) -> None:
    health._migrated.cache_clear()
    postgresql.go()
    assert ada.get("/health/live").status_code == 200
    assert ada.get("/health/ready").status_code == 503
    assert ada.get("/nothing/here").status_code == 404
    status = ada.get("/status")
    assert status.status_code == 200 and "not working" in status.content.decode()
    assert ada.get("/help/").status_code == 200
    assert ada.post("/settings/appearance", {"theme": "dark"}).status_code == 302


def test_nothing_breaks_anywhere(ada: Client, postgresql: Away) -> None:
    postgresql.go()
    for path in (
        "/",
        "/@ada",
        "/@ada/1",
        "/@ada/followers",
        "/settings/profile",
        "/follow-requests",
        "/accounts/login/",
    ):
        assert ada.get(path).status_code in (200, 302, 404, 503), path
    for path in ("feed", "me", "users/ada", "users/ada/posts", "posts/1", "live?topics=feed"):
        assert ada.get(f"/api/v1/{path}").status_code in (200, 404, 503), path
    visitor = Client(raise_request_exception=False)
    sign_in = {"login": "ada", "password": "wrong"}
    assert visitor.post("/accounts/login/", sign_in).status_code == 503
    assert visitor.post("/api/v1/auth/token", sign_in, "application/json").status_code == 503


def test_top_is_what_there_is_of_latest(ada: Client, postgresql: Away) -> None:
    assert ada.post("/posts", {"content": "Kept in Redis", "visibility": "public"}).status_code == 302
    assert ada.get("/").status_code == 200
    postgresql.go()
    answer = ada.get("/?mode=top")
    page = answer.content.decode()
    assert (answer.status_code, answer["X-Feed-Mode"]) == (200, "latest")
    assert "Kept in Redis" in page and "Writing is paused." in page and "Top is having a rest." not in page
