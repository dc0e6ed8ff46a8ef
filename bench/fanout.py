"""Posts by people of different follower counts, through relay and workers, until the last follower has them."""

import sys
import time
from argparse import Namespace

from django.db import connection

from accounts.models import User
from bench import town
from bench.feed import add_memory
from bench.report import Report, percentiles
from bench.stack import Stack
from feeds import fanout
from feeds.actions import publish_post
from feeds.models import FeedEntry, Post
from feeds.timelines import contents
from socialnet.outbox.models import Event

SIZES = (10, 100, 1_000)
BUSY = 3_000  # where the graph has somebody whom so many follow
LARGE = (10_000, 50_000)
POSTS = {10: 40, 100: 40, 1_000: 40, BUSY: 20, 10_000: 10, 50_000: 5}
BURST = 100  # posts at once, for the throughput
LOOK_EVERY = 0.003  # seconds
PATIENCE = 120.0
_OPEN = "SELECT count(*) FROM outbox_delivery WHERE event_id = %s AND state <> 1"
_ALL_OPEN = "SELECT count(*) FROM outbox_delivery WHERE state <> 1"


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    sizes = [*SIZES, *([BUSY] if town.has_author_with(BUSY) else [])]
    authors = {size: town.author_with(size) for size in sizes}
    if options.large:
        print("Making 50,000 followers …", file=sys.stderr, flush=True)
        authors |= town.make_crowd(list(LARGE))
    with Stack() as stack:
        for author in authors.values():
            publish_and_wait(author)  # everything is loaded and connected after this
        for (
            author
        ) in authors.values():  # only now: a relay that meets a Redis for the first time empties its caches
            town.warm_followers_of(author)
        for size, author in authors.items():
            _one_by_one(report, author, POSTS[size])
        _in_a_burst(report, authors[1_000])
        add_memory(report, stack)
    _inside_a_chunk(report, authors[max(authors)])


def publish_and_wait(author: User) -> tuple[Post, float]:
    """A post, and the seconds from the call to the last delivery done: all stored and all warm timelines have it."""
    started = time.perf_counter()
    post = publish_post(author=author, content="Measured, not guessed.")
    event_id = (
        Event.objects.filter(name="feeds.post_published").order_by("-id").values_list("id", flat=True)[0]
    )
    _wait(_OPEN, event_id)
    return post, time.perf_counter() - started


def wait_until_delivered() -> None:
    """Until nothing is owed."""
    _wait(_ALL_OPEN)


def _wait(statement: str, *params: int) -> None:
    deadline = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, params)
            if not cursor.fetchone()[0]:
                return
            if time.monotonic() > deadline:
                raise RuntimeError("deliveries are not made: see the logs of relay and worker")
            time.sleep(LOOK_EVERY)


def _one_by_one(report: Report, author: User, many: int) -> None:
    times = []
    for _ in range(many):
        post, seconds = publish_and_wait(author)
        times.append(seconds)
    followers = author.follows_met.count()
    stored = FeedEntry.objects.filter(post_id=post.pk).count() - 1  # the author's own
    warm = sum(post.pk in kept.ids for kept in map(contents, _sample(author)) if kept)
    p50, p95 = percentiles(times, 50, 95)
    report.add(
        "One post after the other: seconds from publishing until the last follower has it, stored and warm",
        followers=followers,
        posts=many,
        p50=p50,
        p95=p95,
        max=max(times),
        stored=f"{stored:,} of {followers:,}",
        warm=f"{warm} of {len(_sample(author))} looked at",
    )


def _sample(author: User) -> list[int]:
    return list(author.follows_met.order_by("follower_id").values_list("follower_id", flat=True)[:200])


def _in_a_burst(report: Report, author: User) -> None:
    followers = author.follows_met.count()
    started = time.perf_counter()
    for _ in range(BURST):
        publish_post(author=author, content="One of a hundred.")
    published = time.perf_counter() - started
    wait_until_delivered()
    seconds = time.perf_counter() - started
    report.add(
        "A burst",
        posts=BURST,
        followers=followers,
        **{
            "publishing s": published,
            "all delivered s": seconds,
            "deliveries/s": BURST * followers / seconds,
        },
    )


def _inside_a_chunk(report: Report, author: User) -> None:
    """`fanout.deliver` alone, in this process: posts that nobody has yet, 1,000 followers at a time."""
    rows = seconds = 0.0
    for _ in range(10):
        post = _unseen(author)
        for part in fanout.ranges(post):
            started = time.perf_counter()
            rows += fanout.deliver(post, part)
            seconds += time.perf_counter() - started
    wait_until_delivered()
    report.add(
        "Inside the chunk, one process", entries=int(rows), seconds=seconds, **{"entries/s": rows / seconds}
    )


def _unseen(author: User) -> Post:
    """Published, and its delivery made by nobody but us: the relay is down by now."""
    post = publish_post(author=author, content="Delivered by hand.")
    connection.cursor().execute("UPDATE outbox_delivery SET state = 1 WHERE state = 0")
    return post
