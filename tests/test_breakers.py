"""Each breaker, on the real pages: it opens, people see what they should, and it closes by itself."""

import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from feeds import files, previews
from feeds.models import LinkPreview, Media
from feeds.tests.factories import publish
from feeds.tests.test_media import by_form, picture
from socialnet.kernel import breaker, outside, redis, storage
from socialnet.kernel.breaker import Breaker
from socialnet.kernel.postgres import base as postgres
from socialnet.kernel.tests.test_outside import HTML, Net, net
from socialnet.outbox.errors import NotYet
from tests.test_postgresql_away import Away, postgresql

__all__ = ["net", "postgresql"]
pytestmark = pytest.mark.django_db(transaction=True)
PAUSE = 1.0


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Open for a second, where it is five to thirty elsewhere; nobody closes a breaker but its own probe."""
    all_of_them = (redis.breaker, postgres.breaker, storage.breaker, outside.breaker)
    for one in all_of_them:
        one.close()
        monkeypatch.setattr(one._breaker, "_reset_timeout", PAUSE)
    yield
    for one in all_of_them:
        one.close()


@pytest.fixture
def ada() -> User:
    return person("ada")


@pytest.fixture
def browser(ada: User) -> Client:
    client = page_of(ada)
    client.raise_request_exception = False
    assert client.get("/").status_code == 200
    return client


def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds
        time.sleep(0.1)


def state_of(one: Breaker) -> str:
    """As `/health/circuit-breakers` tells it, which needs nobody."""
    shown = Client().get("/health/circuit-breakers").json()["breakers"][one.name]
    assert shown["failures"] + shown["timeouts"] > 0
    return str(shown["state"])


def test_redis(ada: User, browser: Client, redis_process: Any) -> None:
    post = publish(ada, "Still here")
    redis_process.stop()
    try:
        for _ in range(3):
            assert browser.get("/").status_code == 200
        page = browser.get("/").content.decode()
        assert redis.breaker.state != breaker.CLOSED
        assert "Things are slower than usual." in page and "New posts may take longer to appear." in page
        assert f"/@ada/{post.pk}" in page
        assert browser.post("/posts", {"content": "Said meanwhile"}).status_code == 302
    finally:
        redis_process.start()
    until(lambda: "slower than usual" not in browser.get("/").content.decode())
    assert state_of(redis.breaker) == "closed"
    assert "Said meanwhile" in browser.get("/").content.decode()


def test_postgresql(browser: Client, postgresql: Away) -> None:
    publish(User.objects.get(), "Still here")
    assert browser.get("/").status_code == 200
    postgresql.go()
    until(lambda: browser.get("/").status_code and postgres.breaker.state != breaker.CLOSED)
    page = browser.get("/").content.decode()
    assert "Writing is paused." in page and "You can read what we still have at hand." in page
    refused = browser.post("/posts", {"content": "My words", "visibility": "public"})
    assert refused.status_code == 503 and "My words" in refused.content.decode()
    browser.get("/")
    assert state_of(postgres.breaker) == "open"
    connection_back(postgresql)
    until(lambda: "Writing is paused" not in browser.get("/").content.decode())
    assert state_of(postgres.breaker) == "closed"
    assert browser.post("/posts", {"content": "My words", "visibility": "public"}).status_code == 302


def connection_back(away: Away) -> None:
    """Only the engine: the breaker finds out by itself."""
    connection.close()
    connection.settings_dict["HOST"] = away.address


def test_postgresql_within_a_minute_whatever_succeeds_between(ada: User, postgresql: Away) -> None:
    for _ in range(9):
        postgresql.go()
        with pytest.raises(OperationalError):
            connection.ensure_connection()
        connection_back(postgresql)
        connection.ensure_connection()
    assert postgres.breaker.state == "closed"
    postgresql.go()
    with pytest.raises(OperationalError):
        connection.ensure_connection()
    assert postgres.breaker.is_open


def test_storage(ada: User, browser: Client, settings: Any) -> None:
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(settings.MEDIA_ROOT)
    settings.MEDIA_ROOT.symlink_to(settings.MEDIA_ROOT)  # leads nowhere
    taken = [by_form(browser, picture()) for _ in range(3)]
    assert {answer.status_code for answer in taken} == {201}
    assert storage.breaker.state != breaker.CLOSED
    assert "Pictures are not to be had for a moment." in browser.get("/").content.decode()
    assert browser.post("/posts", {"content": "Words", "visibility": "public"}).status_code == 302
    assert files.store_waiting() == 0
    settings.MEDIA_ROOT.unlink()
    time.sleep(PAUSE)
    until(lambda: files.store_waiting() or not Media.objects.filter(is_stored=False).exists())
    assert state_of(storage.breaker) == "closed"
    assert "Pictures are not" not in browser.get("/").content.decode()
    assert not Media.objects.filter(is_stored=False).exists()


def test_previews(ada: User, net: Net, settings: Any) -> None:
    """Nobody notices: posts stand without preview, and get theirs when somebody outside answers."""
    for number in range(11):
        publish(ada, f"Look: http://page.example/{number}")
    links = list(LinkPreview.objects.order_by("pk"))
    net.port = 1  # nobody listens there
    for link in links[:10]:
        with pytest.raises(NotYet):
            previews.fetch(link.pk)
    assert outside.breaker.is_open
    with pytest.raises(NotYet):
        previews.fetch(links[10].pk)
    assert net.servers == []
    assert state_of(outside.breaker) == "open"
    assert Api(ada)("GET", "feed").json()["results"][0]["preview"] is None
    net.serve(HTML + b"\r\n<title>A title</title>")
    time.sleep(PAUSE)
    previews.fetch(links[10].pk)
    assert state_of(outside.breaker) == "closed"
    assert LinkPreview.objects.get(pk=links[10].pk).state == LinkPreview.State.READY
