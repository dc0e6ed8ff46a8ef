"""Home by API for people who follow no, some and many celebrities: warm, cold, and when they come back."""

import json
import os
import sys
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, median

from django.conf import settings

from accounts.models import Activity, User
from bench import town
from bench.client import Figures, get, measure
from bench.fanout import wait_until_delivered
from bench.feed import add_memory, ask
from bench.report import Report
from bench.stack import Stack
from feeds import sources, timelines
from feeds.models import Post
from socialnet.kernel.redis import door

FOLLOWED = (0, 5, 50)  # celebrities
POSTS_EACH = 5
CONNECTIONS = (1, 8, 32)
VIEWERS = 60  # for each number of celebrities
FEED = "/api/v1/feed"
LONG_TIMELINE = 800
NOBODY = 2**40  # whose timeline is made to be weighed


@dataclass(frozen=True)
class Viewers:
    """People alike, save for how many celebrities they follow."""

    celebrities: int
    people: list[User]
    cookies: list[str]

    @property
    def ids(self) -> list[int]:
        return [person.pk for person in self.people]

    def requests(self) -> list[bytes]:
        return [get(FEED, Cookie=cookie) for cookie in self.cookies]


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    groups = _groups()
    with Stack() as stack:
        wait_until_delivered()
        for group in groups:
            _cost_of_one(report, stack, group)
        _tell(report, _measure(stack, groups, options))
        add_memory(report, stack)
    _weigh(report, groups)


def _groups() -> list[Viewers]:
    """Taken in turns from one row of people, so that the groups are alike; nobody of the graph is a celebrity."""
    people = town.viewers(VIEWERS * len(FOLLOWED))
    least = town.most_followers() + 1
    os.environ["TIER_PULL"] = str(least)  # for the processes to come
    settings.TIER_PULL = least
    print(f"Making {max(FOLLOWED)} celebrities, each with {least:,} followers …", file=sys.stderr, flush=True)
    stars = town.make_celebrities(max(FOLLOWED), followers=least, posts=POSTS_EACH)
    groups = []
    for place, celebrities in enumerate(FOLLOWED):
        chosen = people[place :: len(FOLLOWED)]
        town.follow(chosen, stars[:celebrities])
        groups.append(Viewers(celebrities, chosen, [town.session_of(person) for person in chosen]))
    return groups


def _warm(_group: Viewers) -> None:
    """Nothing to do: whoever read once is warm."""


def _cool(group: Viewers) -> None:
    timelines.drop(*group.ids)
    with door() as client:  # not `forget_followed`, which leaves word for seconds that nothing may be kept
        client.delete(*map(sources.key_of, group.ids))


def _send_away(group: Viewers) -> None:
    """As the job leaves people who were not here for long."""
    Activity.objects.filter(pk__in=group.ids).update(state=Activity.State.IDLE)
    _cool(group)


WAYS: dict[str, Callable[[Viewers], None]] = {"warm": _warm, "cold": _cool, "back": _send_away}
Measured = dict[tuple[str, int, int], list[Figures]]


def _measure(stack: Stack, groups: list[Viewers], options: Namespace) -> Measured:
    """In turns. Warm is asked for as long as `--seconds` say; cold and back are each person once."""
    figures: Measured = defaultdict(list)
    for _round in range(options.rounds):
        for connections in CONNECTIONS:
            for way, prepare in WAYS.items():
                for group in groups:
                    figures[way, connections, group.celebrities].append(
                        _measure_one(stack, group, way, prepare, connections, options.seconds)
                    )
    return figures


def _measure_one(
    stack: Stack,
    group: Viewers,
    way: str,
    prepare: Callable[[Viewers], None],
    connections: int,
    seconds: float,
) -> Figures:
    if way == "warm":
        for cookie in group.cookies:
            ask(stack, FEED, cookie)
    prepare(group)
    found = measure(
        stack.port, group.requests(), connections=connections, seconds=seconds, once=way != "warm"
    )
    wait_until_delivered()  # whoever came back is filled in
    return found


def _tell(report: Report, figures: Measured) -> None:
    for (way, connections, celebrities), runs in figures.items():
        speed = median(one.per_second for one in runs)
        without = median(one.per_second for one in figures[way, connections, 0])
        report.add(
            f"Home by API, median of {len(runs)} rounds, ms",
            what=way,
            connections=connections,
            celebrities=celebrities,
            **{
                "req/s": speed,
                "of none": f"{100 * speed / without:.0f} %",
                "p50": median(one.p50 for one in runs),
                "p95": median(one.p95 for one in runs),
                "p99": median(one.p99 for one in runs),
                "requests": sum(one.requests for one in runs),
                "wrong": sum(one.wrong for one in runs),
            },
        )


def _cost_of_one(report: Report, stack: Stack, group: Viewers) -> None:
    for way, prepare in WAYS.items():
        ask(stack, FEED, group.cookies[0])
        prepare(group)
        answer, body = ask(stack, FEED, group.cookies[0], **{"X-Bench-Count": "1"})
        authors = [item["author"]["username"] for item in json.loads(body)["results"]]
        report.add(
            "One read",
            what=way,
            celebrities=group.celebrities,
            **{
                "of them on the page": sum(name.startswith("celebrity_") for name in authors),
                "tier": answer.headers["X-Feed-Tier"],
                "cache": answer.headers["X-Cache"],
                "SQL": int(answer.headers["X-Bench-SQL"]),
                "Redis": int(answer.headers["X-Bench-Redis"]),
            },
        )
        wait_until_delivered()


def _weigh(report: Report, groups: list[Viewers]) -> None:
    """What Redis takes for a timeline, with its key: of the longest that there is, and of those just read."""
    report.add("Memory of warm timelines", what="made up", **timeline_of(LONG_TIMELINE))
    for group in groups:
        kept = [
            (len(warm.ids), _bytes(user_id)) for user_id in group.ids if (warm := timelines.contents(user_id))
        ]
        if kept:
            ids, size = (mean(column) for column in zip(*kept, strict=True))
            report.add(
                "Memory of warm timelines",
                what=f"{len(kept)} people, {group.celebrities} celebrities",
                ids=ids,
                bytes=size,
                **{"bytes per id": size / ids},
            )


def timeline_of(many: int) -> dict[str, float]:
    """Make a timeline of the newest `many` posts, weigh it and take it away."""
    ids = list(Post.objects.order_by("-pk").values_list("pk", flat=True)[:many])
    token = timelines.begin_rebuild(NOBODY)
    timelines.finish_rebuild(NOBODY, token=token, ids=ids, floor=ids[-1] - 1)
    size = _bytes(NOBODY)
    timelines.drop(NOBODY)
    return {"ids": len(ids), "bytes": size, "bytes per id": size / len(ids)}


def _bytes(user_id: int) -> int:
    with door() as client:
        return int(client.memory_usage(timelines._key(user_id), samples=0) or 0)
