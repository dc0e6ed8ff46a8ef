"""Structured logs: one line per fact, with the request's id, and never what people wrote or typed.

Foreign loggers (Django, Celery, granian) come out in the same shape. Django's own lines quote paths and addresses,
and exceptions quote values: of the former only the name is kept, of the latter the type and the places in the code.
"""

import logging
import logging.config
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from uuid import uuid4

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class StderrHandler(logging.Handler):
    """Writes to whatever is standard error now: tests and supervisors replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except Exception:
            self.handleError(record)


def accepted_request_id(given: str | None) -> str:
    """`given` if it is one we may pass on, else a new id."""
    return given if given and _GIVEN_ID.fullmatch(given) else uuid4().hex


def request_id() -> str:
    """The id of the request, event or task this code runs for; empty outside of any."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


@contextmanager
def bound(**facts: Any) -> Iterator[None]:
    """Put `facts` (request_id=…, handler=…) on every line logged inside the block."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield


_processors: list[Any] = []  # one list for good: loggers that were made keep it


def configure(options: dict[str, Any]) -> None:
    """Django's `LOGGING_CONFIG`: `format` is json or pretty, `level` a level's name."""
    pretty = options.get("format") == "pretty"
    common = _common(clock="%H:%M:%S" if pretty else "iso")
    _processors[:] = [*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    structlog.configure(
        processors=_processors,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer = _pretty() if pretty else _json()
    logging.config.dictConfig(_stdlib_config(common, renderer, level=options.get("level", "INFO")))
    logging.captureWarnings(True)


def _common(*, clock: str) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt=clock, utc=clock == "iso"),
        places,
    ]


def _stdlib_config(common: list[Processor], renderer: Processor, *, level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*common, name_only],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "handlers": {"out": {"()": StderrHandler, "formatter": "lines"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "celery": {"level": "WARNING"},  # our own tasks say what they did
            "django.request": {"level": "ERROR"},  # RequestIdMiddleware says the rest
            "django.server": {"handlers": ["out"], "level": "INFO", "propagate": False},
        },
    }


def name_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Django's lines quote paths, hosts and reasons: keep who spoke, not what was said."""
    if str(event.get("logger", "")).startswith(("django.request", "django.security")):
        event["event"] = event["logger"]
    event.pop("positional_args", None)
    return event


def places(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by types and places: messages of exceptions quote what people typed."""
    if info := _exc_info(event.pop("exc_info", None)):
        event["error"] = " <- ".join(_types(info[1]))
        event["at"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(info[2], limit=-12)
        ]
    return event


def _exc_info(given: Any) -> ExcInfo | None:
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if given is True:
        given = sys.exc_info()
    return given if given and given[1] is not None else None


def _types(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield type(error).__qualname__
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _json() -> Processor:
    return structlog.processors.JSONRenderer(
        serializer=lambda value, **_: orjson.dumps(value, default=str).decode()
    )


def _pretty() -> Processor:
    return structlog.dev.ConsoleRenderer(colors=True, pad_event_to=24)
