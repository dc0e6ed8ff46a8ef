"""Likes by API: on many posts, and all on one, whose count everybody waits for; each request changes something.

In turns with the bare view, for the machine may be busy with something else.
"""

import sys
import time
from argparse import Namespace
from collections import defaultdict
from itertools import cycle
from statistics import median

from accounts.actions import make_token
from accounts.models import User
from bench import town
from bench.client import Figures, get, measure
from bench.feed import CONNECTIONS, add_memory, keep_blobs
from bench.report import Report
from bench.stack import Stack
from feeds.models import Post
from interactions.models import Touched

BARE = "bare view"
PEOPLE = 300
POSTS = 3_000
REST_SECONDS = 30.0


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    people = list(User.objects.order_by("pk")[:PEOPLE])
    secrets = [make_token(user=person, name="bench", scopes=["read", "write"]).secret for person in people]
    open_to_all = Post.objects.filter(visibility="public", share_of=None, author__is_private=False)
    posts = list(open_to_all.order_by("-pk").values_list("pk", flat=True)[:POSTS])
    keep_blobs()
    plans = {
        BARE: [get("/bench/bare?bytes=200", Cookie=town.session_of(person)) for person in people[:100]],
        "many posts": _requests(secrets, posts),
        "one post": _requests(secrets, posts[:1]),
    }
    figures: dict[str, list[Figures]] = defaultdict(list)
    with Stack() as stack:
        for _round in range(options.rounds):
            for name, requests in plans.items():
                run_ = measure(stack.port, requests, connections=CONNECTIONS, seconds=options.seconds)
                figures[name].append(run_)
        report.add("The pulse, after the last like", **{"seconds until all is told": _until_told()})
        add_memory(report, stack)
    _tell(report, figures)


def _requests(secrets: list[str], posts: list[int]) -> list[bytes]:
    """Everybody likes a post of their own among `posts`, then everybody takes it back, over and over."""
    turns = max(1, len(posts) // len(secrets))
    wanted = cycle(posts)
    pairs = [[(secret, next(wanted)) for secret in secrets] for _turn in range(turns)]
    return [
        _request(method, post_id, secret)
        for turn in pairs
        for method in ("PUT", "DELETE")
        for secret, post_id in turn
    ]


def _request(method: str, post_id: int, secret: str) -> bytes:
    lines = [
        f"{method} /api/v1/posts/{post_id}/like HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {secret}",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _until_told() -> float:
    """How long the pulse needs for what is left; the counts are compared with the rows afterwards."""
    began = time.monotonic()
    while Touched.objects.exists():
        if time.monotonic() - began > REST_SECONDS:
            raise RuntimeError("the pulse does not come to rest")
        time.sleep(0.02)
    return time.monotonic() - began


def _tell(report: Report, figures: dict[str, list[Figures]]) -> None:
    speeds = {name: median(one.per_second for one in runs) for name, runs in figures.items()}
    for name, runs in figures.items():
        report.add(
            f"Likes and likes taken back by API, {CONNECTIONS} connections, median of {len(runs)} rounds, ms",
            what=name,
            **{
                "per second": speeds[name],
                "of bare": f"{100 * speeds[name] / speeds[BARE]:.0f} %",
                "of many": f"{100 * speeds[name] / speeds['many posts']:.0f} %",
                "p50": median(one.p50 for one in runs),
                "p95": median(one.p95 for one in runs),
                "p99": median(one.p99 for one in runs),
                "wrong": sum(one.wrong for one in runs),
            },
        )
