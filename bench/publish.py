"""Publishing by API: the answer must not take longer because many follow. One request at a time, at rest between."""

import http.client
import json
import sys
import time
from argparse import Namespace

from accounts.actions import make_token
from accounts.models import User
from bench import town
from bench.fanout import _ALL_OPEN, LARGE, _wait
from bench.report import Report, percentiles
from bench.stack import Stack

POSTS = 40
SIZES = (10, 1_000)


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    authors = {size: town.author_with(size) for size in SIZES}
    if options.large:
        print("Making 50,000 followers …", file=sys.stderr, flush=True)
        authors[LARGE[-1]] = town.make_crowd([LARGE[-1]])[LARGE[-1]]
    secrets = {
        size: make_token(user=author, name="bench", scopes=["read", "write"]).secret
        for size, author in authors.items()
    }
    with Stack() as stack:
        times = _measure(stack, secrets)
    few = percentiles(times[10], 50)[0]
    for size, author in authors.items():
        p50, p95 = percentiles(times[size], 50, 95)
        report.add(
            "POST /api/v1/posts, one at a time, ms",
            followers=_followers(author),
            posts=len(times[size]),
            p50=p50,
            p95=p95,
            max=max(times[size]),
            **{"p50 against 10 followers": f"{p50 / few:.2f} ×"},
        )


def _followers(author: User) -> int:
    return author.follows_met.count()


def _measure(stack: Stack, secrets: dict[int, str]) -> dict[int, list[float]]:
    """In turns, so that a busy minute of the machine meets all alike; the first of each is not counted."""
    times: dict[int, list[float]] = {size: [] for size in secrets}
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    for number in range(POSTS + 1):
        for size, secret in secrets.items():
            milliseconds = _publish(connection, secret, f"Number {number} for {size}")
            if number:
                times[size].append(milliseconds)
            _wait(_ALL_OPEN)
    return times


def _publish(connection: http.client.HTTPConnection, secret: str, text: str) -> float:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    body = json.dumps({"content": text})
    started = time.perf_counter()
    connection.request("POST", "/api/v1/posts", body=body, headers={**headers, "Idempotency-Key": text})
    answer = connection.getresponse()
    said = answer.read()
    milliseconds = (time.perf_counter() - started) * 1000
    if answer.status != 201:
        raise RuntimeError(f"publishing answers {answer.status}: {said[:200]!r}")
    return milliseconds
