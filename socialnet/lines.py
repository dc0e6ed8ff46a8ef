"""The line to one browser: what is said goes out in its order, and nobody waits for who does not read."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

COUNTS_SECONDS = 0.1  # between two updates of counts to one socket: nobody sees more than ten a second
SEND_SECONDS = 10  # who has not taken a message by then reads no more
WAITING_MOST = 500  # messages; nor does who lets so many wait


class Line:
    """`send` puts one message on the wire, and waits while that is full."""

    def __init__(self, send: Callable[[str], Awaitable[None]]) -> None:
        self.send = send
        self.waiting: deque[str] = deque()
        self.writer: asyncio.Task[None] | None = None
        self.sending_since: float | None = None
        self.held: dict[str, str] = {}
        self.counts_at = 0.0
        self.timer: asyncio.TimerHandle | None = None
        self.is_shut = False

    @property
    def is_stuck(self) -> bool:
        """Whether nobody reads at the other end."""
        too_long = self.sending_since is not None and time.monotonic() - self.sending_since > SEND_SECONDS
        return too_long or len(self.waiting) > WAITING_MOST

    def say(self, text: str) -> None:
        """Send it after what was said before."""
        if self.is_shut:
            return
        self.waiting.append(text)
        if self.writer is None:
            self.writer = asyncio.get_running_loop().create_task(self._write())

    def tell_counts(self, topic: str, text: str) -> None:
        """Say it now, or when its turn comes: of each topic only the latest waits."""
        if self.is_shut:
            return
        now = time.monotonic()
        if not self.held and now >= self.counts_at:
            self.counts_at = now + COUNTS_SECONDS
            return self.say(text)
        self.held[topic] = text
        if self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(self.counts_at - now, self._tell_held)

    def forget(self, topic: str) -> None:
        """Nobody asks for it any more."""
        self.held.pop(topic, None)

    def shut(self) -> None:
        """What waits is not sent, and nothing that comes."""
        self.is_shut = True
        self.waiting.clear()
        self.held.clear()
        if self.timer:
            self.timer.cancel()
        if self.writer and self.writer is not asyncio.current_task():
            self.writer.cancel()

    async def _write(self) -> None:
        try:
            with suppress(OSError):  # the other end is gone: its `disconnect` follows
                while self.waiting:
                    self.sending_since = time.monotonic()
                    await self.send(self.waiting.popleft())
        finally:
            self.writer = self.sending_since = None

    def _tell_held(self) -> None:
        self.timer = None
        if not self.held:
            return
        self.counts_at = time.monotonic() + COUNTS_SECONDS
        self.say(self.held.pop(next(iter(self.held))))
        if self.held:
            self.timer = asyncio.get_running_loop().call_later(COUNTS_SECONDS, self._tell_held)
