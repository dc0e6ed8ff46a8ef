"""Thousands of open pages that look at a hot post: how soon they show a like, how soon their own people are told of a
comment, and how many messages a second the one process that serves them sends, in turns with a bare consumer of the
same server.

Sockets are of different people, opened with their sessions as browsers do. A further kind of news is a function like
`likes`: it makes something happen that the pages hear of, and tells when each first showed it.
"""

import http.client
import os
import random
import resource
import sys
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from accounts.actions import make_token
from accounts.models import User
from bench import town
from bench.crowd import BARE_GROUP, BARE_PATH, Crowd, Guest, Note
from bench.feed import add_memory
from bench.memory import megabytes
from bench.report import Report, percentiles
from bench.stack import Stack
from feeds.live import post_group
from feeds.models import Post
from socialnet.embedded.errors import StartError
from socialnet.kernel import realtime

BARE, OURS = "bare consumer", "product"
BURST = 10  # messages to everybody; the next when all have heard them
CONNECTIONS = 4  # of those who like
REST_SECONDS = 2.0  # after the last like: a window of the pulse, and a second that a viral post waits
FILES_BESIDE = 500


def run(report: Report, options: Namespace) -> None:
    raise_limit_of_files(2 * options.sockets + FILES_BESIDE)  # before the processes start: they have the same
    town.load(options.graph, sys.stderr)
    people = list(User.objects.order_by("pk"))
    post = Post.objects.filter(visibility="public", share_of=None, author__is_private=False).latest("pk")
    fans = iter(make_token(user=one, name="bench", scopes=["write"]).secret for one in people)
    speeds: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    with Stack() as stack, Crowd() as crowd:
        _open(report, crowd, stack, people, [f"post:{post.pk}", "notifications"], options.sockets)
        groups = {BARE: BARE_GROUP, OURS: post_group(post.pk)}
        noted: list[float] = []
        told: list[float] = []
        for _round in range(options.rounds):
            for room, group in groups.items():
                speed, cost = _deliver(crowd, stack, room, group, post.pk, options)
                speeds[room].append(speed)
                costs[room].append(cost)
            noted += likes(report, crowd, stack, post, fans, options)
            told += comments(report, crowd, stack, people, options)
        add_memory(report, stack)
    _tell_deliveries(report, speeds, costs)
    add_latency(report, f"a like, {options.rate:g} a second on one post", noted, options)
    add_latency(report, f"a notification of a comment, {options.rate:g} a second", told, options)


def raise_limit_of_files(wanted: int) -> None:
    """So that a process may hold so many sockets; raises `StartError` where the system forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise StartError(f"A process may open {hard:,} files here, and needs {wanted:,}: fewer --sockets.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _open(
    report: Report, crowd: Crowd, stack: Stack, people: Sequence[User], topics: list[str], sockets: int
) -> None:
    """The pages, as many of each person as need be, and as many bare sockets."""
    origin = f"http://127.0.0.1:{stack.port}"
    says = orjson.dumps({"op": "subscribe", "topics": topics}).decode()
    cookies = [town.session_of(one) for one in people[:sockets]]
    pages = [
        Guest({"Origin": origin, "Cookie": cookies[number % len(cookies)]}, says) for number in range(sockets)
    ]
    for room, path, guests in ((BARE, BARE_PATH, [Guest({})] * sockets), (OURS, "/ws/", pages)):
        print(f"Opening {sockets:,} sockets: {room} …", file=sys.stderr, flush=True)
        before, _processes = megabytes(stack.pids()["live"])
        seconds = crowd.open(room, stack.port + 1, path, guests)
        after, _processes = megabytes(stack.pids()["live"])
        report.add(
            "Opening the sockets, 50 at a time, until each has its snapshot",
            what=room,
            sockets=sockets,
            people=len(people[:sockets]) if room == OURS else None,
            seconds=seconds,
            **{"per second": sockets / seconds, "KB of memory a socket": (after - before) * 1024 / sockets},
        )


# --- messages a second --------------------------------------------------------------------------------------------


def _deliver(
    crowd: Crowd, stack: Stack, room: str, group: str, post_id: int, options: Namespace
) -> tuple[float, float]:
    """Deliveries a second, and for each second of the processor that the `live` process used.

    The message is one that every page is told of, one by one: counts would be gathered.
    """
    data = {"id": str(post_id), "parent_id": str(post_id)}
    message = {"topic": f"post:{post_id}", "event": "comment.new", "data": data}
    heard = first = crowd.heard(room)
    pid = stack.pids()["live"]
    began, used = time.perf_counter(), cpu_seconds(pid)
    while time.perf_counter() - began < options.seconds:
        realtime.publish_many([(group, message)] * BURST)
        heard += BURST * options.sockets
        crowd.wait_for(room, heard)
    many = heard - first
    return many / (time.perf_counter() - began), many / max(0.01, cpu_seconds(pid) - used)


def cpu_seconds(pid: int) -> float:
    """Of this process alone, in its own and in the system's code."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _tell_deliveries(report: Report, speeds: dict[str, list[float]], costs: dict[str, list[float]]) -> None:
    for room in speeds:
        report.add(
            f"News to all sockets through one process, median of {len(speeds[room])} rounds",
            what=room,
            **{
                "deliveries/s": median(speeds[room]),
                "of bare": f"{100 * median(speeds[room]) / median(speeds[BARE]):.0f} %",
                "per second of CPU": median(costs[room]),
            },
        )


# --- from what somebody did to the screens ------------------------------------------------------------------------


def likes(
    report: Report, crowd: Crowd, stack: Stack, post: Post, fans: Iterator[str], options: Namespace
) -> list[float]:
    """Milliseconds from each like's request until each page was told a count that holds it."""
    many = int(options.rate * options.seconds)
    secrets = list(islice(fans, many))
    crowd.take_notes(OURS)
    began = time.perf_counter()
    made = act_at(
        options.rate, [lambda line, secret=secret: like(line, post.pk, secret) for secret in secrets], stack
    )
    time.sleep(REST_SECONDS)
    notes = crowd.notes(OURS)
    seconds = max((at for _number, at, _text in notes), default=began) - began
    found = shown_after(made, notes, _likes_in)
    report.add(
        "Counts told while people like, each round",
        likes=len(made),
        sockets=options.sockets,
        messages=len(notes),
        **{
            "per second": len(notes) / seconds,
            "told of": f"{len(found):,} of {len(made) * options.sockets:,}",
        },
    )
    return found


def like(line: http.client.HTTPConnection, post_id: int, secret: str) -> int:
    """Somebody's first like of this post; the count that holds it."""
    line.request("PUT", f"/api/v1/posts/{post_id}/like", headers={"Authorization": f"Bearer {secret}"})
    answer = line.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"a like is answered {answer.status}: {said[:200]!r}")
    return int(orjson.loads(said)["like_count"])


def _likes_in(message: dict[str, Any]) -> int | None:
    return int(message["data"]["like_count"]) if message["event"] == "counts" else None


def comments(
    report: Report, crowd: Crowd, stack: Stack, people: Sequence[User], options: Namespace
) -> list[float]:
    """Milliseconds from each comment's request until a page of the post's author says so; no author gets two."""
    newest = Post.objects.filter(visibility="public", share_of=None, author__is_private=False).order_by("pk")
    posts = dict(newest.values_list("author_id", "pk"))  # by author, the newest
    pages = [
        (number, posts[author.pk])
        for number, author in enumerate(people[: options.sockets])
        if author.pk in posts
    ]
    chosen = random.Random(options.sockets).sample(
        pages, min(len(pages), int(options.rate * options.seconds))
    )
    writers = (
        make_token(user=people[number - 1], name="bench", scopes=["write"]).secret for number, _post in chosen
    )
    crowd.take_notes(OURS)
    made = act_at(
        options.rate,
        [
            lambda line, number=number, post_id=post_id, secret=secret: comment(line, number, post_id, secret)
            for (number, post_id), secret in zip(chosen, list(writers), strict=True)
        ],
        stack,
    )
    time.sleep(REST_SECONDS)
    told: dict[int, float] = {}
    for number, at, text in crowd.notes(OURS):
        if number in made and orjson.loads(text)["event"] == "notification":
            told.setdefault(number, at)
    report.add(
        "Told of comments, each round", comments=len(made), **{"told within 2 s of the last": len(told)}
    )
    return [(at - made[number]) * 1000 for number, at in told.items()]


def comment(line: http.client.HTTPConnection, number: int, post_id: int, secret: str) -> int:
    """Somebody's comment under this post; `number`, by which its author's page is known."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    line.request("POST", f"/api/v1/posts/{post_id}/comments", b'{"content": "Measured."}', headers)
    answer = line.getresponse()
    said = answer.read()
    if answer.status != 201:
        raise RuntimeError(f"a comment is answered {answer.status}: {said[:200]!r}")
    return number


def act_at(
    rate: float, acts: Sequence[Callable[[http.client.HTTPConnection], int]], stack: Stack
) -> dict[int, float]:
    """Do `rate` of `acts` a second, over a few connections; the number that each returns, and when it began."""
    first = time.perf_counter() + 0.05

    def one_after_the_other(start: int) -> dict[int, float]:
        line = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
        done = {}
        for number in range(start, len(acts), CONNECTIONS):
            time.sleep(max(0.0, first + number / rate - time.perf_counter()))
            began = time.perf_counter()
            done[acts[number](line)] = began
        line.close()
        return done

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        parts = list(threads.map(one_after_the_other, range(CONNECTIONS)))
    return {number: began for part in parts for number, began in part.items()}


def shown_after(
    made: dict[int, float], notes: Sequence[Note], number_in: Callable[[dict[str, Any]], int | None]
) -> list[float]:
    """Milliseconds from each of `made` until each page first knew: by a message with its number or a later one."""
    seen: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for page, at, text in notes:
        number = number_in(orjson.loads(text))
        if number is not None:
            seen[page].append((number, at))
    begins = min(made, default=1) - 1
    return [
        (at - made[number]) * 1000
        for told in seen.values()
        for (before, _at), (last, at) in pairwise([(begins, 0.0), *told])
        for number in range(before + 1, last + 1)
        if number in made
    ]


def add_latency(report: Report, what: str, milliseconds: Sequence[float], options: Namespace) -> None:
    if not milliseconds:
        raise RuntimeError(f"{what}: no page was told")
    p50, p95, p99 = percentiles(milliseconds, 50, 95, 99)
    report.add(
        "From what somebody did to the screens of others, ms",
        what=what,
        sockets=options.sockets,
        seen=len(milliseconds),
        p50=p50,
        p95=p95,
        p99=p99,
        slowest=max(milliseconds),
    )
