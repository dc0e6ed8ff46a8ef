"""Events into inboxes: how many one process settles in a minute, and how long each takes through relay and workers."""

import random
import sys
import time
from argparse import Namespace
from datetime import timedelta

from django.db import connection

from accounts.actions import follow_user
from accounts.models import Follow, User
from bench import town
from bench.fanout import wait_until_delivered
from bench.feed import add_memory
from bench.report import Report, percentiles
from bench.stack import Stack
from feeds.models import Post
from interactions.actions import comment_on_post, like_post
from notifications.models import Notification
from socialnet.outbox import deliveries
from socialnet.outbox.handlers import handlers
from socialnet.outbox.ids import time_of
from socialnet.outbox.inline import make_due
from socialnet.outbox.models import Delivery

LIKES, COMMENTS, FOLLOWS = 3_000, 1_000, 1_000
STEADY_COMMENTS = 1_000
LATE = timedelta(seconds=2)


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    people = list(User.objects.order_by("pk")[:2_000])
    posts = list(
        Post.objects.filter(visibility="public", share_of=None, author__is_private=False).order_by("-pk")[
            : len(people)
        ]
    )
    _one_process(report, people, posts)
    with Stack() as stack:
        _through_workers(report, people, posts)
        add_memory(report, stack)


def _one_process(report: Report, people: list[User], posts: list[Post]) -> None:
    """A third of the likes on one post."""
    make_due()
    dice = random.Random(6)
    for number in range(LIKES):
        post = posts[0] if number % 3 == 0 else dice.choice(posts)
        like_post(post_id=post.pk, person=dice.choice(people))
    for _number in range(COMMENTS):
        comment_on_post(post_id=dice.choice(posts).pk, author=dice.choice(people), content="Measured.")
    known = set(Follow.objects.values_list("follower_id", "followee_id"))
    for _number in range(FOLLOWS):
        pair = dice.sample(people, 2)
        if (pair[0].pk, pair[1].pk) not in known:
            follow_user(follower=pair[0], followee=pair[1])
    _make_the_others()
    began = time.perf_counter()
    made = make_due()
    seconds = time.perf_counter() - began
    report.add(
        "Into inboxes, one process",
        events=made,
        seconds=round(seconds, 2),
        **{"events/min": round(made / seconds * 60), "rows": Notification.objects.count()},
    )


def _make_the_others() -> None:
    """What is owed to other handlers than ours, so that the clock sees ours alone."""
    others = Delivery.objects.filter(state=Delivery.State.OPEN).exclude(handler__startswith="notifications.")
    for handler in handlers():
        owed = list(others.filter(handler=handler.name).order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(owed), handler.batch):
            deliveries.run(handler.name, owed[start : start + handler.batch])


def _through_workers(report: Report, people: list[User], posts: list[Post]) -> None:
    """Comments, one after the other as fast as one process writes them, until each is told."""
    dice = random.Random(7)
    began = time.perf_counter()
    comments = [
        comment_on_post(post_id=dice.choice(posts).pk, author=dice.choice(people), content="Measured.").pk
        for _number in range(STEADY_COMMENTS)
    ]
    seconds = time.perf_counter() - began
    wait_until_delivered()
    told = Notification.objects.filter(kind="comment", target_id__in=comments).exclude(told_at=None)
    waits = [row.told_at - time_of(row.target_id) for row in told if row.told_at]
    p50, p95, p99 = percentiles([wait.total_seconds() * 1000 for wait in waits], 50, 95, 99)
    report.add(
        "From a comment until the author of the post is told",
        **{
            "comments/s": round(STEADY_COMMENTS / seconds),
            "told": len(waits),
            "p50 ms": p50,
            "p95 ms": p95,
            "p99 ms": p99,
            "later than 2 s": f"{sum(wait > LATE for wait in waits) / max(len(waits), 1):.1%}",
        },
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_delivery WHERE state = 2")
        report.add("Given up", deliveries=cursor.fetchone()[0])
