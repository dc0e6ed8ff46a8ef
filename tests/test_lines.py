"""The line to one browser: the order of what is said, counts in their turns, and ends that do not read."""

import asyncio

import pytest

from socialnet import lines
from socialnet.lines import COUNTS_SECONDS, Line


class Wire:
    """What a browser got; it reads while `reads` is set."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.is_gone = False

    async def send(self, text: str) -> None:
        await self.reads.wait()
        if self.is_gone:
            raise ConnectionResetError
        self.got.append(text)


async def test_what_is_said_arrives_in_its_order_without_waiting() -> None:
    wire = Wire()
    line = Line(wire.send)
    wire.reads.clear()
    for number in range(5):
        line.say(str(number))
    await asyncio.sleep(0)
    assert wire.got == []
    wire.reads.set()
    await asyncio.sleep(0.01)
    line.say("5")
    await asyncio.sleep(0.01)
    assert wire.got == list("012345") and line.writer is None and not line.is_stuck


async def test_of_counts_only_the_latest_of_each_topic_wait_for_their_turn() -> None:
    wire = Wire()
    line = Line(wire.send)
    for number in range(3):
        for topic in ("a", "b", "c"):
            line.tell_counts(topic, f"{topic}{number}")
    await asyncio.sleep(0.01)
    assert wire.got == ["a0"]
    line.forget("b")
    await asyncio.sleep(COUNTS_SECONDS * 2.5)
    assert wire.got == ["a0", "c2", "a2"]  # c waited first
    await asyncio.sleep(COUNTS_SECONDS)
    line.tell_counts("b", "b3")  # its turn is now
    await asyncio.sleep(0.01)
    assert wire.got[-1] == "b3"


async def test_who_does_not_read_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SEND_SECONDS", 0.05)
    wire = Wire()
    line = Line(wire.send)
    wire.reads.clear()
    line.say("one")
    await asyncio.sleep(0.02)
    assert not line.is_stuck
    await asyncio.sleep(0.05)
    assert line.is_stuck
    wire.reads.set()
    await asyncio.sleep(0.01)
    assert not line.is_stuck


async def test_who_lets_too_many_wait_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "WAITING_MOST", 3)
    wire = Wire()
    line = Line(wire.send)
    wire.reads.clear()
    for number in range(4):
        line.say(str(number))
    assert line.is_stuck


async def test_nothing_follows_the_end_and_nobody_waits_for_it() -> None:
    wire = Wire()
    line = Line(wire.send)
    wire.reads.clear()
    line.say("one")
    line.tell_counts("a", "a0")
    line.tell_counts("a", "a1")
    await asyncio.sleep(0)
    line.shut()
    wire.reads.set()
    line.say("two")
    line.tell_counts("a", "a2")
    await asyncio.sleep(COUNTS_SECONDS * 1.5)
    assert wire.got == [] and line.writer is None and not line.waiting and not line.held


async def test_an_end_that_is_gone_is_no_error() -> None:
    wire = Wire()
    line = Line(wire.send)
    wire.is_gone = True
    line.say("one")
    writer = line.writer
    assert writer
    await writer
    assert wire.got == [] and line.writer is None
