"""Groups of one process: who joined hears, once, whatever others do; on the real channel layer."""

import asyncio
from typing import Any

import pytest

from socialnet.kernel import realtime
from socialnet.switchboard import Switchboard

pytestmark = pytest.mark.usefixtures("redis_process")


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, Any], str]] = []

    def hear(self, message: dict[str, Any], text: str) -> None:
        self.heard.append((message, text))


async def told(group: str, message: dict[str, Any]) -> None:
    await asyncio.to_thread(realtime.publish, group, message)


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_news_go_once_to_each_who_joined_and_to_nobody_else() -> None:
    board, ears = Switchboard(), [Ear() for _ in range(50)]
    await asyncio.gather(*(board.join("post.1", ear) for ear in ears))  # all at once: one channel
    await board.join("post.2", ears[0])
    await told("post.1", {"n": 1})
    await told("post.2", {"n": 2})
    await told("post.3", {"n": 3})
    await until(lambda: len(ears[0].heard) == 2)
    assert ears[0].heard == [({"n": 1}, '{"n":1}'), ({"n": 2}, '{"n":2}')]
    assert all(ear.heard == ears[0].heard[:1] for ear in ears[1:])


async def test_who_left_hears_no_more_and_the_last_takes_the_group_along() -> None:
    board, ada, ben = Switchboard(), Ear(), Ear()
    for ear in (ada, ben):
        await board.join("post.1", ear)
    await board.leave("post.1", ada)
    await board.leave("post.1", ada)
    await board.leave("post.9", ada)
    await told("post.1", {"n": 1})
    await until(lambda: ben.heard)
    assert ada.heard == []
    await board.leave("post.1", ben)
    assert board.members == {}
    await board.join("post.1", ada)
    await told("post.1", {"n": 2})
    await until(lambda: ada.heard)
    assert len(ben.heard) == 1


async def test_coming_and_going_at_once_loses_nobody() -> None:
    board, stays = Switchboard(), Ear()
    for round_ in range(20):
        goes = Ear()
        await board.join("post.1", goes)
        await asyncio.gather(board.leave("post.1", goes), board.join("post.1", stays))
        await told("post.1", {"n": round_})
        await until(lambda: len(stays.heard) == round_ + 1)  # noqa: B023  # asked in this round
        await board.leave("post.1", stays)


async def test_what_goes_wrong_with_one_keeps_nothing_from_the_others() -> None:
    class Broken(Ear):
        def hear(self, message: dict[str, Any], text: str) -> None:
            raise ValueError

    board, ears = Switchboard(), [Ear(), Broken(), Ear()]
    for ear in ears:
        await board.join("post.1", ear)
    await told("post.1", {"n": 1})
    await told("post.1", {"n": 2})
    await until(lambda: all(len(ear.heard) == 2 for ear in ears[::2]))


async def test_what_is_not_from_us_disturbs_nobody() -> None:
    board, ada = Switchboard(), Ear()
    await board.join("post.1", ada)
    for raw in (b"{", b"[]", b"{}", b'{"group": "post.1"}', b'{"group": []}'):
        await asyncio.to_thread(_publish, raw)
    await told("post.1", {"n": 1})
    await until(lambda: ada.heard)
    assert [message for message, _text in ada.heard] == [{"n": 1}]


def _publish(raw: bytes) -> None:
    with realtime.door() as client:
        client.publish("live__group__post.1", raw)


def test_it_serves_one_loop_after_the_other() -> None:
    board, ears = Switchboard(), [Ear(), Ear()]
    for ear in ears:

        async def listen(ear: Ear = ear) -> None:
            await board.join("post.1", ear)
            await told("post.1", {"n": 1})
            await until(lambda: ear.heard)
            await board.leave("post.1", ear)

        asyncio.run(listen())
    assert [len(ear.heard) for ear in ears] == [1, 1]
