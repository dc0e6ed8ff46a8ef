"""Which sockets of this process hear of which group.

News come once into a process, are read and written down once, and go to each of its sockets. Channels would give each
socket a channel, a queue and two tasks, read every message anew for each, and ask a thread about old database
connections before handing it on: that costs more than sending it.
"""

import asyncio
from contextlib import suppress
from typing import Any, Protocol

import orjson
import structlog
from channels.layers import get_channel_layer

log = structlog.get_logger(__name__)


class Listener(Protocol):
    def hear(self, message: dict[str, Any], text: str) -> None:
        """A message for a group this one is in, and the same as JSON. Nobody waits for what is done about it."""


class Switchboard:
    """Of one process, on the loop that runs it. What Redis cannot do now raises `RedisError`."""

    def __init__(self) -> None:
        self.members: dict[str, set[Listener]] = {}
        self.channel = ""
        self.opening: asyncio.Task[str] | None = None
        self.passing_on: asyncio.Task[None] | None = None

    async def join(self, group: str, listener: Listener) -> None:
        """Let `listener` hear of `group`; when this returns, it does."""
        self.members.setdefault(group, set()).add(listener)
        channel = await self._opened()
        await get_channel_layer().group_add(group, channel)  # also for the second: the first may have failed

    async def leave(self, group: str, listener: Listener) -> None:
        members = self.members.get(group, set())
        members.discard(listener)
        if members or self.members.pop(group, None) is None:
            return
        await get_channel_layer().group_discard(group, self.channel)

    def pass_on(self, group: str, message: dict[str, Any]) -> None:
        """To who is in the group now. What goes wrong with one keeps nothing from the others."""
        members = self.members.get(group)
        if not members:
            return
        text = orjson.dumps(message).decode()
        for listener in tuple(members):
            try:
                listener.hear(message, text)
            except Exception:
                log.exception("news_not_heard", group=group)

    async def _opened(self) -> str:
        """One channel for all groups, and one task that listens to it; whoever comes meanwhile waits for the same."""
        loop = asyncio.get_running_loop()
        opening = self.opening
        if opening is None or opening.get_loop() is not loop or _has_failed(opening):
            opening = self.opening = loop.create_task(self._open())
        return await asyncio.shield(opening)

    async def _open(self) -> str:
        self.channel = await get_channel_layer().new_channel()
        self.passing_on = asyncio.get_running_loop().create_task(self._listen(self.channel))
        return self.channel

    async def _listen(self, channel: str) -> None:
        layer = get_channel_layer()
        while True:
            with suppress(ValueError):  # not JSON, so not from us
                match await layer.receive(channel):
                    case {"group": str(group), "message": dict(message)}:
                        self.pass_on(group, message)


def _has_failed(task: "asyncio.Task[str]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
