"""What people see when something goes wrong, and what they get back of what they typed."""

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import TemplateDoesNotExist
from django.test import Client, RequestFactory

from socialnet.kernel import breaker, pages, web
from socialnet.kernel.errors import OVERTAKEN, Broken, Conflict, NotFound, WritingPaused
from socialnet.outbox.errors import IdempotencyMismatch


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing/here", 404),
        ("/probe/failing/not-found", 404),
        ("/probe/failing/denied", 403),
        ("/probe/failing/conflict", 409),
        ("/probe/failing/database", 503),
        ("/probe/failing/mistake", 500),
        ("/probe/limited", 405),
        ("/with\0nul", 404),
        ("/probe/page?a=%00", 400),
    ],
)
def test_each_error_has_a_page_in_words(browser: Client, path: str, status: int) -> None:
    response = browser.get(path)
    page = response.content.decode()
    assert response.status_code == status and response["Content-Type"].startswith("text/html")
    assert page.count("<h1>") == 1 and str(pages.TITLES[status]) in html.unescape(page)
    assert response["X-Request-ID"] in page
    assert response["Cache-Control"] == "private, no-store"
    assert ("Retry-After" in response) == (status == 503)
    assert "WWW-Authenticate" not in response


def test_only_what_changed_meanwhile_is_titled_so() -> None:
    class Standing(Conflict):
        sentence = "There is one already."

    class Changed(Standing):
        title = OVERTAKEN

    request = RequestFactory().get("/x")
    request.user = AnonymousUser()
    standing, changed = (pages.error_page(request, error()) for error in (Standing, Changed))
    assert "Somebody was faster" in changed.content.decode()
    assert "Somebody was faster" not in standing.content.decode()
    assert "Not as things stand" in standing.content.decode() and "one already" in standing.content.decode()


def test_a_405_says_what_would_be_allowed(browser: Client) -> None:
    assert browser.get("/probe/limited")["Allow"] == "POST"


def test_absent_and_hidden_look_the_same(browser: Client) -> None:
    def told(path: str) -> str:
        response = browser.get(path, headers={"X-Request-ID": "the-same-for-both"})
        return re.sub(r'(name|value)="[^"]*token[^"]*"', "", response.content.decode())

    assert told("/nothing/here") == told("/probe/failing/not-found")


def test_pages_for_5xx_ask_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No session, no user, no Redis: a request without any of them is enough."""
    request = RequestFactory().post("/posts", {"content": "hello"})
    for error in (Broken(), WritingPaused()):
        response = pages.error_page(request, error)
        assert response.status_code == error.status and str(error.sentence) in response.content.decode()


def test_a_page_without_its_template_still_says_something(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise TemplateDoesNotExist("errors/error.html")

    monkeypatch.setattr(pages, "render_to_string", broken)
    response = pages.error_page(RequestFactory().get("/"), NotFound())
    assert response.status_code == 404 and b"There is nothing here" in response.content


def test_what_was_typed_comes_back_after_a_failed_write(browser: Client) -> None:
    typed = {
        "content": 'He said "<b>hi</b>" & left\n\nsecond line',
        "tags": ["a", "b"],
        "idempotency_key": "one-key",
        "password1": "do not keep",
        "csrfmiddlewaretoken": "old",
    }
    response = browser.post("/probe/failing/database?next=/x", typed)
    page = response.content.decode()
    assert response.status_code == 503 and "do not keep" not in page and "<b>hi" not in page
    assert 'action="/probe/failing/database?next=/x"' in page and "Try again" in page
    sent = {
        name: html.unescape(value)
        for name, value in re.findall(r'<textarea name="(\w+)" hidden>\n(.*?)</tex', page, re.S)
    }
    assert sent["content"] == typed["content"] and sent["idempotency_key"] == "one-key"
    assert len(re.findall(r'name="tags"', page)) == 2 and "Passwords are not kept" in page
    assert 'name="csrfmiddlewaretoken"' in page and 'value="old"' not in page


def test_trying_again_is_accepted(probes: None, redis_process: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    refused = browser.post("/probe/failing/database", {"content": "typed"})
    assert refused.status_code == 403 and "typed" in refused.content.decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', refused.content.decode())[0]
    again = browser.post("/probe/failing/database", {"content": "typed", "csrfmiddlewaretoken": token})
    assert again.status_code == 503


def test_nothing_is_offered_again_after_a_mistake_of_ours(browser: Client) -> None:
    assert (
        "Try again</button>" not in browser.post("/probe/failing/mistake", {"content": "x"}).content.decode()
    )


def test_a_changed_form_may_be_sent_under_another_key() -> None:
    request = RequestFactory().post("/posts", {"content": "changed", "idempotency_key": "used"})
    retry = pages.retry_of(request, IdempotencyMismatch())
    assert retry is not None
    fields = dict(retry["fields"])
    assert fields["content"] == "changed" and fields["idempotency_key"] != "used"


def test_the_banner_names_what_is_degraded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert web.banner() is None
    monkeypatch.setattr(
        breaker, "snapshot", lambda: {"redis": {"state": "open"}, "postgresql": {"state": "closed"}}
    )
    assert "slower" in web.banner()["title"]  # type: ignore[index]
    monkeypatch.setattr(
        breaker, "snapshot", lambda: {"redis": {"state": "open"}, "postgresql": {"state": "open"}}
    )
    assert "paused" in web.banner()["title"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("host", "live", "expected"),
    [
        ("127.0.0.1:8000", "ws://127.0.0.1:8001/ws/", "ws://127.0.0.1:8001/ws/"),
        ("localhost:8000", "ws://127.0.0.1:8001/ws/", "ws://localhost:8001/ws/"),
        ("[::1]:8000", "ws://127.0.0.1:8001/ws/", "ws://[::1]:8001/ws/"),
        ("localhost", "wss://social.example/ws/", "wss://social.example/ws/"),
        ("evil.example", "ws://127.0.0.1:8001/ws/", "ws://127.0.0.1:8001/ws/"),
    ],
)
def test_the_socket_has_the_name_the_page_was_asked_by(
    settings: Any, host: str, live: str, expected: str
) -> None:
    settings.LIVE_URL = live
    assert web.live_url(RequestFactory().get("/", headers={"Host": host})) == expected


def test_the_policy_allows_that_socket(browser: Client, settings: Any) -> None:
    settings.LIVE_URL, settings.LIVE_ORIGIN = "ws://127.0.0.1:8001/ws/", "ws://127.0.0.1:8001"
    settings.ALLOWED_HOSTS = ["localhost"]
    response = browser.get("/nothing", headers={"Host": "localhost:8000"})
    assert "ws://localhost:8001" in response["Content-Security-Policy"]


def test_the_frame_is_known_to_every_template() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    request.COOKIES = {"theme": "dark", "keyboard": "off"}
    frame = web.frame(request)
    assert (frame["theme"], frame["keyboard"], frame["viewer"]) == ("dark", False, request.user)
    request.COOKIES = {"theme": '"><script>'}
    assert web.frame(request)["theme"] == "auto"
