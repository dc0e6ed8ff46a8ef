"""script/bench NAME [--json FILE] [--seconds N] [--large]"""

import argparse
import importlib
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from bench.report import Report, machine
from bench.stack import engines
from socialnet.embedded.errors import StartError
from socialnet.embedded.home import CHECKOUT, Home

GRAPH = CHECKOUT.parent / "shared/data/facebook_ego.tsv.gz"
NAMES = {
    "feed": "home by API and as a page against the bare view: req/s, p50/p95/p99, SQL and Redis per request",
    "home": "home by API, warm, cold and back from an absence, with 0, 5 and 50 celebrities, at 1, 8, 32 connections",
    "groups": "home by API with 0, 5 and 50 groups, and a large group's page against the bare view",
    "fanout": "posts by people of different follower counts, until the last follower has them",
    "publish": "publishing by API: the same for few followers and for many",
    "likes": "likes by API on many posts and on one: likes/s, p50/p95/p99",
    "live": "2,000 open pages: a like to their screens p50/p95/p99, messages/s of one process against a bare consumer",
    "notify": "events into inboxes: how many a minute by one process, and how long until each is told",
    "search": "300,000 posts and the people of the graph: people, posts by common and rare words, suggestions; p50/p95",
    "trends": "the jobs of trends: seconds to count again, for tags and posts, for people",
    "people": "people to follow, with a tenth of the ties hidden: how many come back, and how long it takes",
    "screening": "what screening adds to publishing, in one process: without rules, as delivered, with all",
    "filters": "500 keyword filters against a page of 20 posts: milliseconds of one process",
    "start": "script/server: from nothing, with packages installed, and again",
}
ALONE = {"filters", "start"}  # they need no engines of ours
WITHOUT_GRAPH = {*ALONE, "screening"}


def main() -> int:
    options = _options()
    if options.name not in WITHOUT_GRAPH and not options.graph.exists():
        raise StartError(f"There is no graph at {options.graph}: name one with --graph FILE.tsv.gz.")
    Home.from_environment().prepare()
    report = Report(options.name, machine())
    started = time.monotonic()
    if options.name in ALONE:
        _run(report, options)
    else:
        with engines():
            _set_up_django()
            _run(report, options)
            report.invariants = _invariants()
    report.seconds = round(time.monotonic() - started, 1)
    report.print()
    if options.json:
        report.write(options.json)
    return 0 if not report.invariants else 1


def _run(report: Report, options: argparse.Namespace) -> None:
    """Imported only now: most scenarios need Django to be set up."""
    importlib.import_module(f"bench.{options.name}").run(report, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    lines = "\n".join(f"{name}: {what}" for name, what in NAMES.items())
    parser.add_argument("name", choices=NAMES, help=lines)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--seconds", type=float, default=6, help="of each measurement under load (default 6)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each is measured, in turns (default 3)"
    )
    parser.add_argument("--large", action="store_true", help="also 10,000 and 50,000 followers, made up")
    parser.add_argument("--sockets", type=int, default=2_000, help="live: open pages (default 2,000)")
    parser.add_argument(
        "--rate", type=float, default=10, help="live: likes a second; a post with 1,000 a minute is viral"
    )
    parser.add_argument("--posts", type=int, default=300_000, help="search: posts (default 300,000)")
    parser.add_argument("--graph", type=Path, default=GRAPH, help=f"the social graph (default {GRAPH})")
    return parser.parse_args()


def _set_up_django() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "socialnet.settings"
    django.setup()
    from django.core.management import call_command

    import socialnet.celery  # noqa: F401  # the queues are this app's

    call_command("migrate", database="owner", verbosity=0)


def _invariants() -> list[str]:
    """What does not hold after the benchmark: nothing, or the figures are worth nothing."""
    from socialnet.kernel.invariants import broken

    return broken()


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        sys.exit(main())
    except StartError as error:
        sys.exit(f"Not started. {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped.")
