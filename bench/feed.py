"""Home by API and as a page, warm, against the bare view: in turns, in one run, on one server."""

import http.client
import sys
from argparse import Namespace
from collections import defaultdict
from statistics import median

from bench import town
from bench.bare import blob_keys
from bench.client import Figures, get, measure
from bench.memory import megabytes
from bench.report import Report
from bench.stack import Stack
from socialnet.kernel.redis import door

VIEWERS = 100
CONNECTIONS = 32
BLOB = b'{"id":"1","text":"' + b"x" * 560 + b'"}'


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    cookies = [town.session_of(person) for person in town.viewers(VIEWERS)]
    keep_blobs()
    with Stack() as stack:
        targets = _targets(stack, cookies)
        figures = measure_in_turns(stack, targets, cookies, options)
        tell(report, stack, targets, cookies, figures)


def keep_blobs() -> None:
    """What the bare view reads."""
    with door() as client, client.pipeline() as pipe:
        for key in blob_keys():
            pipe.set(key, BLOB, ex=24 * 3600)
        pipe.execute()


def _targets(stack: Stack, cookies: list[str]) -> dict[str, str]:
    """Name and path; the bare view answers with as many bytes as the page it is the measure of."""
    for cookie in cookies:  # warm
        ask(stack, "/api/v1/feed", cookie)
        ask(stack, "/", cookie)
    api, page = (len(ask(stack, path, cookies[0])[1]) for path in ("/api/v1/feed", "/"))
    return {
        "bare, API's size": f"/bench/bare?bytes={api}",
        "home API": "/api/v1/feed",
        "bare, page's size": f"/bench/bare?bytes={page}",
        "home page": "/",
    }


def ask(stack: Stack, path: str, cookie: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    connection.request("GET", path, headers={"Cookie": cookie, **headers})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}: {body[:200]!r}")
    return answer, body


def measure_in_turns(
    stack: Stack, targets: dict[str, str], cookies: list[str], options: Namespace
) -> dict[str, list[Figures]]:
    figures: dict[str, list[Figures]] = defaultdict(list)
    for _round in range(options.rounds):
        for name, path in targets.items():
            requests = [get(path, Cookie=cookie) for cookie in cookies]
            figures[name].append(
                measure(stack.port, requests, connections=CONNECTIONS, seconds=options.seconds)
            )
    return figures


def tell(
    report: Report,
    stack: Stack,
    targets: dict[str, str],
    cookies: list[str],
    figures: dict[str, list[Figures]],
) -> None:
    bare = 0.0
    for name, path in targets.items():
        runs = figures[name]
        speed = median(one.per_second for one in runs)
        bare = speed if name.startswith("bare") else bare
        answer, body = ask(stack, path, cookies[0], **{"X-Bench-Count": "1"})
        report.add(
            f"{CONNECTIONS} connections, median of {len(runs)} rounds, ms",
            what=name,
            **{
                "req/s": speed,
                "of bare": f"{100 * speed / bare:.0f} %",
                "p50": median(one.p50 for one in runs),
                "p95": median(one.p95 for one in runs),
                "p99": median(one.p99 for one in runs),
                "wrong": sum(one.wrong for one in runs),
                "bytes": len(body),
                "SQL": int(answer.headers["X-Bench-SQL"]),
                "connection checks": int(answer.headers["X-Bench-Checks"]),
                "Redis": int(answer.headers["X-Bench-Redis"]),
            },
        )
    add_memory(report, stack)


def add_memory(report: Report, stack: Stack) -> None:
    for name, pid in stack.pids().items():
        size, processes = megabytes(pid)
        report.add("Memory (PSS of the whole tree)", process=name, MB=size, processes=processes)
