"""Reading our own logs: lines of JSON, or the readable ones of the embedded server, with the name of a process or
without."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

from socialnet.kernel.diagnosing import Moment

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NAMED = re.compile(r"(?P<name>[\w.-]+?)(?:[-_]\d+)?\s+\|\s(?P<said>.*)")
_READABLE = re.compile(r"(?P<clock>\d\d:\d\d:\d\d) \[\w+\s*\] (?P<said>.*)")
_SPOKEN = re.compile(r"\[(?P<logger>[\w.]+)\]")
_SPEAKERS = {
    "socialnet.kernel.web": "web",
    "socialnet.outbox.relay": "relay",
    "socialnet.outbox.broker": "relay",
    "socialnet.outbox.deliveries": "worker",
    "socialnet.outbox.tasks": "worker",
    "socialnet.consumers": "live",
}
_TOLD_APART = {"event", "logger", "level", "timestamp", "request_id", "request_ids", "at"}


def moments_in(lines: Iterable[str], *, request_id: str, day: date) -> Iterator[Moment]:
    """What the log says of a request.

    Readable lines know no day, only seconds of local time: they count as of `day`, at the end of their second.
    """
    wanted = re.compile(rf"(?<![\w-]){re.escape(request_id)}(?![\w-])")
    for line in lines:
        if request_id in line and wanted.search(plain := _ESCAPES.sub("", line).strip()):
            yield from _moments(plain, day)


def _moments(line: str, day: date) -> Iterator[Moment]:
    named = _NAMED.fullmatch(line)
    name, said = (named["name"], named["said"]) if named else ("", line)
    if said.startswith("{"):
        try:
            facts = orjson.loads(said)
            at = datetime.fromisoformat(facts["timestamp"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return
        yield from _of_facts(facts, at, name or _speaker(facts))
    elif readable := _READABLE.fullmatch(said):
        at = datetime.combine(day, time.fromisoformat(readable["clock"])).astimezone()
        words = " ".join(word for word in readable["said"].split() if not word.startswith("request_id="))
        spoken = _SPOKEN.search(words)
        speaker = _speaker({"logger": spoken["logger"]} if spoken else {})
        yield Moment(at + timedelta(milliseconds=999), name or speaker, words)


def _of_facts(facts: dict[str, Any], at: datetime, name: str) -> Iterator[Moment]:
    if facts.get("event") == "request" and isinstance(facts.get("ms"), int | float):
        asked = f"{facts.get('method')} {facts.get('route')}, person {facts.get('user_id') or 'unknown'}"
        yield Moment(at - timedelta(milliseconds=facts["ms"]), name, asked)
        yield Moment(at, name, f"answered {facts.get('status')} after {facts['ms']} ms")
        return
    rest = " ".join(f"{key}={value}" for key, value in sorted(facts.items()) if key not in _TOLD_APART)
    yield Moment(at, name, f"{facts.get('event')} {rest}".strip())


def _speaker(facts: dict[str, Any]) -> str:
    logger = str(facts.get("logger", "log"))
    return _SPEAKERS.get(logger, logger)
