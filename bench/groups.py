"""Home by API for people in no, some and many groups; and the page of a large group against the bare view."""

import sys
from argparse import Namespace
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from accounts.models import User
from bench import town
from bench.client import Figures, get, measure
from bench.fanout import wait_until_delivered
from bench.feed import ask, keep_blobs, measure_in_turns, tell
from bench.report import Report
from bench.stack import Stack
from feeds.actions import publish_post
from groups.actions import create_group
from groups.models import Group, GroupCounts, Membership

JOINED = (0, 5, 50)  # groups
POSTS_EACH = 20
VIEWERS = 60  # for each number of groups
CONNECTIONS = (1, 8, 32)
FEED = "/api/v1/feed"


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    keep_blobs()
    people = town.viewers(VIEWERS * len(JOINED))
    groups = make_groups(max(JOINED), posts=POSTS_EACH, written_by=people[0])
    crowds = {many: people[place :: len(JOINED)] for place, many in enumerate(JOINED)}
    for many, crowd in crowds.items():
        join(crowd, groups[:many])
    outside = User.objects.exclude(pk__in=[person.pk for person in people])
    join(outside, groups[:1])  # nearly everybody is in one of them
    cookies = {many: [town.session_of(person) for person in crowd] for many, crowd in crowds.items()}
    with Stack() as stack:
        wait_until_delivered()
        for many in JOINED:
            _cost_of_one(report, stack, many, cookies[many][0])
        _tell_homes(report, _measure_homes(stack, cookies, options))
        members = cookies[max(JOINED)]
        targets = _pages_of(stack, groups[0], members)
        tell(report, stack, targets, members, measure_in_turns(stack, targets, members, options))


def make_groups(many: int, *, posts: int, written_by: User) -> list[Group]:
    """Public ones, with as many posts each, the groups in turns."""
    groups = [
        create_group(owner=written_by, slug=f"bench-{number}", name=f"Group {number}")
        for number in range(many)
    ]
    for number in range(posts):
        for group in groups:
            publish_post(author=written_by, group=group, content=f"Part {number + 1} of what we speak about.")
    return groups


def join(people: Sequence[User], groups: Sequence[Group]) -> None:
    """Each of `people` is in all of `groups`, as if they always had been."""
    for group in groups:
        Membership.objects.bulk_create(
            [Membership(group=group, user=person) for person in people], ignore_conflicts=True
        )
        members = Membership.objects.filter(group=group, status=Membership.Status.ACTIVE).count()
        GroupCounts.objects.filter(group=group).update(members=members)


def _measure_homes(
    stack: Stack, cookies: dict[int, list[str]], options: Namespace
) -> dict[tuple[int, int], list[Figures]]:
    figures: dict[tuple[int, int], list[Figures]] = defaultdict(list)
    for many in JOINED:  # warm
        for cookie in cookies[many]:
            ask(stack, FEED, cookie)
    for _round in range(options.rounds):
        for connections in CONNECTIONS:
            for many in JOINED:
                requests = [get(FEED, Cookie=cookie) for cookie in cookies[many]]
                figures[connections, many].append(
                    measure(stack.port, requests, connections=connections, seconds=options.seconds)
                )
    return figures


def _tell_homes(report: Report, figures: dict[tuple[int, int], list[Figures]]) -> None:
    for (connections, many), runs in figures.items():
        speed = median(one.per_second for one in runs)
        without = median(one.per_second for one in figures[connections, 0])
        report.add(
            f"Home by API, warm, median of {len(runs)} rounds, ms",
            connections=connections,
            groups=many,
            **{
                "req/s": speed,
                "of none": f"{100 * speed / without:.0f} %",
                "p50": median(one.p50 for one in runs),
                "p95": median(one.p95 for one in runs),
                "p99": median(one.p99 for one in runs),
                "wrong": sum(one.wrong for one in runs),
            },
        )


def _cost_of_one(report: Report, stack: Stack, many: int, cookie: str) -> None:
    ask(stack, FEED, cookie)
    answer, _body = ask(stack, FEED, cookie, **{"X-Bench-Count": "1"})
    report.add(
        "One read of a home",
        groups=many,
        SQL=int(answer.headers["X-Bench-SQL"]),
        Redis=int(answer.headers["X-Bench-Redis"]),
    )


def _pages_of(stack: Stack, group: Group, cookies: Sequence[str]) -> dict[str, str]:
    """Name and path; the bare view answers with as many bytes as what it is the measure of."""
    api, page = f"/api/v1/groups/{group.slug}/posts", f"/g/{group.slug}"
    for cookie in cookies:
        ask(stack, api, cookie)
        ask(stack, page, cookie)
    of_api, of_page = (len(ask(stack, path, cookies[0])[1]) for path in (api, page))
    return {
        "bare, API's size": f"/bench/bare?bytes={of_api}",
        "group API": api,
        "bare, page's size": f"/bench/bare?bytes={of_page}",
        "group page": page,
    }
