"""The websocket consumer on its own: what it does when nobody can say who is there, and with odd messages."""

import json
from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from socialnet import consumers
from socialnet.consumers import NOT_SIGNED_IN, TRY_LATER, LiveConsumer
from socialnet.kernel.errors import DatabaseAway


class Page(LiveConsumer):
    """Notes what a browser would see."""

    def __init__(self) -> None:
        self.scope = {"headers": [(b"authorization", b"Bearer x")]}  # type: ignore[typeddict-item]
        self.codes: list[int] = []
        self.asked: list[str] = []
        self.said: list[dict[str, Any]] = []

    async def accept(self, *_: Any, **__: Any) -> None: ...

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.codes.append(code or 0)

    async def subscribe(self, topic: str) -> None:
        self.asked.append(topic)

    async def _say(self, **message: Any) -> None:
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


async def test_a_topic_is_answered_once_however_often_it_is_named() -> None:
    page = Page()
    await page.receive(json.dumps({"op": "subscribe", "topics": ["feed"] * 50 + ["trending"]}))
    assert page.asked == ["feed"]


@pytest.mark.parametrize("topics", ["feed", {"feed": 1}, 7, None, [7], [["feed"]]])
async def test_topics_that_are_no_list_of_names_are_refused(topics: Any) -> None:
    page = Page()
    await page.receive(json.dumps({"op": "subscribe", "topics": topics}))
    assert page.asked == [] and page.said == [{"event": "error", "data": {"code": "bad_message"}}]
