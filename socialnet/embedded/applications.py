"""The application's processes, as docs/architecture.md describes them."""

import http.client
import socket
import sys
from contextlib import suppress
from functools import partial

from .home import CHECKOUT, Home
from .program import Program

# Warnings that say nothing new here: the worker runs as whoever started the server, and static files come from
# static/ while nothing is collected.
WARNINGS = "ignore:You're running the worker with superuser,ignore:No directory at"
MIGRATE_CHATTER = (
    r"^(Operations to perform|  Apply all migrations|Running migrations|  No migrations to apply)"
)
# Long work has a worker of its own: it may keep only other long work waiting.
QUICK_QUEUES, LONG_QUEUES = "fanout,notify,default", "fanout_bulk,maintenance"
# What speaks with strangers waits for them most of the time, so threads do; nothing else has to wait with it.
OUTSIDE_QUEUES, ASKED_AT_ONCE = "previews,mail,mail_bulk,push", "8"


def manage(name: str, *arguments: str, told: dict[str, str]) -> Program:
    """A management command that runs once."""
    return Program(
        name=name,
        argv=[sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        environment=told,
        chatter=MIGRATE_CHATTER if name == "migrate" else "",
    )


def doors(port: int, told: dict[str, str]) -> list[Program]:
    """web, live: what people knock at. The live socket takes the port after `port`."""
    workers = told.get("WEB_WORKERS") or "2"
    return [
        _python("web", *_web(port, workers), told=told, is_ready=partial(serves, port)),
        _python("live", *_live(port + 1), told=told, is_ready=partial(listens, port + 1)),
    ]


def behind_the_doors(home: Home, told: dict[str, str]) -> list[Program]:
    """relay, worker, bulk, outside, beat: what makes deliveries and jobs."""
    concurrency = told.get("WORKER_CONCURRENCY") or "2"
    celery = ["celery", "--quiet", "-A", "socialnet"]
    worker = [*celery, "worker", "--loglevel", "WARNING", "--without-gossip"]
    quick = [*worker, "-n", "worker@%h", "-Q", QUICK_QUEUES, "-c", concurrency]
    bulk = [*worker, "-n", "bulk@%h", "-Q", LONG_QUEUES, "-c", "2"]  # a long job leaves one for fan-outs
    outside = [*worker, "-n", "outside@%h", "-Q", OUTSIDE_QUEUES, "-P", "threads", "-c", ASKED_AT_ONCE]
    beat = [*celery, "beat", "-s", str(home.path / "beat-schedule"), "--loglevel", "WARNING", "--pidfile="]
    return [
        Program(
            name="relay",
            argv=[sys.executable, "manage.py", "relay"],
            cwd=CHECKOUT,
            environment=told | {"PROCESS_NAME": "relay"},
        ),
        _python("worker", *quick, told=told, patience=30),
        _python("bulk", *bulk, told=told, patience=30),
        _python("outside", *outside, told=told, patience=30),
        _python("beat", *beat, told=told),
    ]


def _web(port: int, workers: str) -> list[str]:
    return [
        *["granian", "--host", "127.0.0.1", "--port", str(port), "--interface", "wsgi"],
        *["--workers", workers, "--blocking-threads", "2", "--respawn-failed-workers", "--no-ws"],
        "socialnet.wsgi:application",
    ]


def _live(port: int) -> list[str]:
    """Who does not read is gone within 30 s; messages are small, and would be compressed for each socket anew."""
    return [
        *["uvicorn", "--host", "127.0.0.1", "--port", str(port), "--lifespan", "off"],
        *["--no-access-log", "--log-level", "warning", "--ws-max-size", "65536"],
        *["--ws-ping-interval", "10", "--ws-ping-timeout", "10", "--ws-per-message-deflate", "false"],
        "socialnet.asgi:application",
    ]


def _python(name: str, *module: str, told: dict[str, str], **options: object) -> Program:
    return Program(
        name=name,
        argv=[sys.executable, "-m", *module],
        cwd=CHECKOUT,
        environment={"PYTHONWARNINGS": WARNINGS, **told, "PROCESS_NAME": name},
        **options,  # type: ignore[arg-type]
    )


def serves(port: int) -> bool:
    """Whether /health/ready says that everything works together."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
