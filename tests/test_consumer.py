"""The websocket consumer on its own: what it does when nobody can say who is there, and with odd messages."""

import asyncio
import json
import threading
from collections import Counter
from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from feeds.live import Seat
from socialnet import consumers, lines
from socialnet.consumers import NOT_SIGNED_IN, RECHECK_SECONDS, TRY_LATER, LiveConsumer, origin_allowed
from socialnet.kernel.errors import DatabaseAway


class Page(LiveConsumer):
    """Notes what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = {"headers": [(b"authorization", b"Bearer x")]}  # type: ignore[typeddict-item]
        self.codes: list[int] = []
        self.asked: list[str] = []
        self.said: list[dict[str, Any]] = []

    async def accept(self, *_: Any, **__: Any) -> None: ...

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.codes.append(code or 0)

    async def subscribe(self, topics: list[str]) -> None:
        self.asked += topics

    def _say(self, **message: Any) -> None:
        self.said.append(message)

    def _is_flood(self) -> bool:
        return False


@pytest.fixture(params=[DatabaseAway, OperationalError])
def nobody_can_say(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def person(bearer: str, session_key: str) -> User | None:
        raise request.param

    monkeypatch.setattr(consumers, "_person", person)


async def test_a_page_is_asked_to_come_back_not_told_that_it_is_signed_out(nobody_can_say: None) -> None:
    page = Page()
    await page.connect()
    assert page.codes == [TRY_LATER]


async def test_an_open_page_stays_open(nobody_can_say: None) -> None:
    page = Page()
    page.viewer = User(pk=1)
    await page.recheck()
    assert page.codes == []


async def test_who_is_signed_out_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "_person", lambda bearer, session_key: None)
    page = Page()
    await page.connect()
    await page.recheck()
    assert page.codes == [NOT_SIGNED_IN, NOT_SIGNED_IN]


async def test_a_page_hears_what_it_asked_for_and_counts_in_their_turn() -> None:
    page = Page()
    page.topics = {"feed": Seat("feed.1"), "post:7": Seat("post.7", 7, 1)}
    sent: list[str] = []

    async def send(text: str) -> None:
        sent.append(text)

    page.line.send = send
    for topic, event in (
        ("feed", "feed.new"),
        ("post:8", "comment.new"),
        ("post:7", "counts"),
        ("post:7", "counts"),
        ("post:7", "comment.new"),
    ):
        page.hear({"topic": topic, "event": event}, f"{event} of {topic}")
    await asyncio.sleep(0.01)
    assert sent == ["feed.new of feed", "counts of post:7", "comment.new of post:7"]
    await asyncio.sleep(lines.COUNTS_SECONDS * 1.5)
    assert sent[3:] == ["counts of post:7"]


async def test_a_topic_is_answered_once_however_often_it_is_named() -> None:
    page = Page()
    await page.receive(json.dumps({"op": "subscribe", "topics": ["feed"] * 60 + ["trending"]}))
    assert page.asked == ["feed"]


@pytest.mark.parametrize("topics", ["feed", {"feed": 1}, 7, None, [7], [["feed"]]])
async def test_topics_that_are_no_list_of_names_are_refused(topics: Any) -> None:
    page = Page()
    await page.receive(json.dumps({"op": "subscribe", "topics": topics}))
    assert page.asked == [] and page.said == [{"event": "error", "data": {"code": "bad_message"}}]


async def test_one_slow_question_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def person(bearer: str, session_key: str) -> User | None:
        if "slow" in bearer:
            answered.wait(10)
        return None

    monkeypatch.setattr(consumers, "_person", person)
    slow, quick = Page(), Page()
    slow.scope = {"headers": [(b"authorization", b"Bearer slow")]}  # type: ignore[typeddict-item]
    waiting = asyncio.create_task(slow.connect())
    try:
        await asyncio.wait_for(quick.connect(), 5)
        assert quick.codes == [NOT_SIGNED_IN] and slow.codes == []
    finally:
        answered.set()
        await waiting


async def test_a_question_may_take_a_few_threads_and_no_more() -> None:
    names = await asyncio.gather(
        *(consumers.in_thread(lambda: threading.current_thread().name) for _ in range(100))
    )
    assert len(set(names)) <= 8


async def test_who_takes_no_message_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SEND_SECONDS", 0.05)
    left: list[int] = []

    class Deaf(LiveConsumer):
        async def send(self, *_: Any, **__: Any) -> None:
            await asyncio.sleep(60)

        async def disconnect(self, code: int) -> None:
            left.append(code)

    async def nothing_comes() -> Any:
        await asyncio.sleep(60)

    page = Deaf()
    living = asyncio.create_task(page({"type": "websocket"}, nothing_comes, page.send))
    await asyncio.sleep(0)
    page._say(event="pong", data={})
    page.let_go_if_stuck()
    assert not page.is_let_go and not living.done()
    await asyncio.sleep(0.1)
    for _ in range(2):
        page.let_go_if_stuck()
    await asyncio.wait_for(living, 5)  # ends by itself, as one that left
    assert left == [TRY_LATER]


async def test_a_server_that_stops_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing_comes() -> Any:
        await asyncio.sleep(60)

    page = Page()
    living = asyncio.create_task(page({"type": "websocket"}, nothing_comes, page.send))
    await asyncio.sleep(0)
    living.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living


async def test_everybody_is_looked_at_once_a_minute_and_never_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second, looked = 0, Counter[Page]()
    seconds = Counter[int]()

    class Watched(Page):
        async def recheck(self) -> None:
            looked[self] += 1
            seconds[second] += 1

    pages = [Watched() for _ in range(3 * RECHECK_SECONDS)]
    sockets: dict[int, set[LiveConsumer]] = {number: {page} for number, page in enumerate(pages)}
    monkeypatch.setattr(LiveConsumer, "open_sockets", sockets)
    monkeypatch.setattr(LiveConsumer, "recheck", Watched.recheck)

    async def a_second_passes(_seconds: float) -> None:
        nonlocal second
        second += 1
        if second == RECHECK_SECONDS:
            del sockets[len(pages) - 1]  # whose turn would be now
        if second > RECHECK_SECONDS:
            sockets.clear()

    monkeypatch.setattr(consumers.asyncio, "sleep", a_second_passes)
    await LiveConsumer._look_again()
    assert looked == Counter(pages[:-1])
    assert max(seconds.values()) == 3


@pytest.mark.parametrize(
    ("public", "origin", "allowed"),
    [
        ("https://social.example", "https://social.example", True),
        ("https://social.example", "https://social.example:443", True),
        ("https://social.example", "https://www.social.example", True),
        ("https://social.example", "http://social.example", False),
        ("https://social.example", "https://social.example:8443", False),
        ("https://social.example", "https://evil.example", False),
        ("https://social.example", "https://social.example.evil.example", False),
        ("https://social.example", "http://localhost:8000", False),
        ("https://social.example", "null", False),
        ("https://social.example", "https://social.example:nonsense", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("http://127.0.0.1:8000", "http://localhost:8000", True),
        ("http://127.0.0.1:8000", "http://[::1]:8000", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:3000", False),
        ("http://127.0.0.1:8000", "http://localhost:3000", False),
        ("http://127.0.0.1:8000", "https://127.0.0.1:8000", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1", False),
    ],
)
def test_only_our_pages_open_sockets(settings: Any, public: str, origin: str, allowed: bool) -> None:
    settings.PUBLIC_URL = public
    settings.ALLOWED_HOSTS = ["www.social.example", "127.0.0.1", "localhost", "[::1]", "*"]
    assert origin_allowed(origin) is allowed
