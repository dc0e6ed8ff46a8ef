"""A progress bar in plain text; where nobody watches, only what was done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

WIDTH = 30
EVERY = 0.1  # seconds between two looks of the bar


class Progress:
    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.watched = out.isatty()

    @contextmanager
    def stage(self, what: str, *, total: int) -> Iterator["Stage"]:
        """A part of the work with `total` steps; a line remains of it."""
        stage = Stage(self, what, total)
        yield stage
        stage.finish()


class Stage:
    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self.progress, self.what, self.total = progress, what, total
        self.done = 0
        self.started = self.drawn = time.monotonic()

    def step(self, many: int = 1) -> None:
        self.done += many
        now = time.monotonic()
        if self.progress.watched and now - self.drawn > EVERY:
            self.drawn = now
            filled = WIDTH * self.done // max(1, self.total)
            bar = "#" * filled + "." * (WIDTH - filled)
            self._write(f"\r{self.what:<12} [{bar}] {self.done:>11,}")

    def finish(self) -> None:
        seconds = time.monotonic() - self.started
        if self.progress.watched:
            self._write("\r\x1b[K")
        self._write(f"{self.what:<12} {self.done:>11,}  {seconds:6.1f} s\n")

    def _write(self, text: str) -> None:
        self.progress.out.write(text)
        self.progress.out.flush()
