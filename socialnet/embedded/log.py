"""One log for all processes: a coloured, aligned name before every line."""

import os
import re
import sys
from collections import deque
from typing import TextIO

WIDTH = len("postgres")
COLOURS = {
    "server": "1",
    "postgres": "34",
    "redis": "31",
    "migrate": "35",
    "demo": "35",
    "web": "32",
    "live": "36",
    "relay": "33",
    "worker": "95",
    "bulk": "95",
    "outside": "95",
    "beat": "94",
}
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Log:
    """Writes lines to `stream`. Keeps going when the terminal is gone, because stopping must not fail."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream: TextIO | None = stream or sys.stdout
        self.colour = wants_colour(self.stream)

    def say(self, line: str) -> None:
        """The supervisor's own voice."""
        self.write("server", line)

    def write(self, name: str, line: str) -> None:
        prefix = f"{name:<{WIDTH}} |"
        if self.colour:
            self.plain(f"\x1b[{COLOURS.get(name, '0')}m{prefix}\x1b[0m {line}\x1b[0m")
        else:
            self.plain(f"{prefix} {ESCAPES.sub('', line)}")

    def plain(self, line: str) -> None:
        if self.stream is None:
            return
        try:
            print(line, file=self.stream, flush=True)
        except (OSError, ValueError):
            self.stream = None


class Voice:
    """What one process says: complete lines go to the log, and the last ones are remembered."""

    LONGEST = 16_384  # characters; a longer line is cut into pieces

    def __init__(self, name: str, log: Log, *, chatter: str = "") -> None:
        self.name = name
        self.log = log
        self._chatter = re.compile(chatter or r"(?!)")  # not shown; the default matches nothing
        self.last: deque[str] = deque(maxlen=30)
        self._rest = ""

    def hear(self, output: bytes) -> None:
        *lines, self._rest = (self._rest + output.decode(errors="replace")).split("\n")
        if len(self._rest) > self.LONGEST:
            lines, self._rest = [*lines, self._rest], ""
        for line in lines:
            self._say(line.rstrip("\r"))

    def finish(self) -> None:
        if self._rest:
            self._say(self._rest)
        self._rest = ""

    def _say(self, line: str) -> None:
        if line.strip():
            self.last.append(ESCAPES.sub("", line))
            if not self._chatter.search(line):
                self.log.write(self.name, line)


def last_words(lines: list[str]) -> str:
    """The line that most likely says why: the last FATAL or error, else simply the last."""
    said = [line.strip() for line in lines if line.strip()]
    telling = [
        line for line in said if any(word in line.lower() for word in ("fatal", "error", "can't", "failed"))
    ]
    return (telling or said or ["it said nothing"])[-1]
