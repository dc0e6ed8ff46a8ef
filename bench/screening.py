"""What screening adds to publishing: whole requests in one process, without rules, as delivered, and with all of them.

In turns, post by post, so that a busy minute of the machine meets all alike; the median of each, and of what each post
took more than its neighbour without rules.
"""

import random
import statistics
import sys
import time
from argparse import Namespace
from contextlib import nullcontext
from typing import Any

from bench.report import Report, percentiles

POSTS = 100  # of each, in each round
LETTERS = 500
ENTRIES = 200  # words, and domains
WARM_UP = 10
NEVER = 1_000_000  # a threshold that nobody reaches: what is measured is looking
SEED = 20261129

Took = tuple[float, float]  # milliseconds of the clock, and of them of this process on a processor


def run(report: Report, options: Namespace) -> None:
    from django.test import Client

    from feeds.actions import publish_post
    from moderation.screening.known import MOST

    rng = random.Random(SEED)
    accounts = [_account(number) for number in range(options.rounds * POSTS + WARM_UP + 1)]
    busy = accounts.pop()
    for _number in range(MOST):
        publish_post(author=busy[0], content=_said(rng))
    client = Client(SERVER_NAME="localhost")

    def publish(secret: str) -> Took:
        body, headers = {"content": _said(rng)}, {"authorization": f"Bearer {secret}"}
        began, worked = time.perf_counter(), time.process_time()
        answer = client.post("/api/v1/posts", body, content_type="application/json", headers=headers)
        took = ((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000)
        if answer.status_code != 201 or answer.json()["held"]:
            raise RuntimeError(f"publishing answers {answer.status_code}: {answer.content[:200]!r}")
        return took

    books = {"no rules": _off, "as delivered": _usual, f"all rules, classifier, lists of {ENTRIES}": _on}
    for lately, secrets in (
        ("nothing or two posts", [secret for _author, secret in accounts]),
        (f"{MOST} posts", [busy[1]] * (options.rounds * POSTS + WARM_UP)),
    ):
        times, statements = _measure(books, publish, secrets)
        plain = times["no rules"]
        for name, took in times.items():
            p50, p95 = percentiles([one for one, _worked in took], 50, 95)
            ratio = p50 / statistics.median(one for one, _worked in plain)
            more, work = (
                statistics.median(one[which] - other[which] for one, other in zip(took, plain, strict=True))
                for which in (0, 1)
            )
            report.add(
                f"POST /api/v1/posts of {LETTERS} letters, ms; its author said within the hour: {lately}",
                rules=name,
                posts=len(took),
                **{"SQL statements": statements[name]},
                p50=p50,
                p95=p95,
                **{"p50 against no rules": f"{ratio:.2f} ×"},
                **{"more, median": round(more, 2), "of this our processor": round(work, 2)},
            )


def _measure(
    books: dict[str, Any], publish: Any, secrets: list[str]
) -> tuple[dict[str, list[Took]], dict[str, int]]:
    """In another order each time. Statements are those of the last turn that is not measured."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times: dict[str, list[Took]] = {name: [] for name in books}
    statements: dict[str, int] = {}
    for turn, secret in enumerate(secrets):
        if turn % 50 == 0:
            print(f"{turn} of {len(secrets)} …", file=sys.stderr, flush=True)
        names, is_last = list(books), turn == WARM_UP - 1
        if is_last:
            publish(secret)  # what is known of its author is remembered from here on
        for name in names[turn % 3 :] + names[: turn % 3]:
            books[name]()
            with CaptureQueriesContext(connection) if is_last else nullcontext([]) as asked:
                took = publish(secret)
            if is_last:
                statements[name] = len(asked)
            if turn >= WARM_UP:
                times[name].append(took)
    return times, statements


def _account(number: int) -> Any:
    from accounts.actions import make_token
    from accounts.models import User

    person = User.objects.create_user(f"writer_{number}", f"writer{number}@example.com", None)
    return person, make_token(user=person, name="bench", scopes=["read", "write"]).secret


def _said(rng: random.Random) -> str:
    """Words that were never said before, so that nobody remembers what the classifier said of them."""
    words = ["".join(rng.choices("abcdefghijklmnoprstuw", k=rng.randint(2, 9))) for _ in range(LETTERS // 5)]
    return " ".join(words)[: LETTERS - 1] + "."


def _set(**of_each: Any) -> None:
    from moderation.models import ScreeningRule
    from moderation.screening import rulebook
    from moderation.screening.actions import usual_row
    from moderation.screening.rules import CLASSIFIER, RULES, WITH_ENTRIES

    rows = [usual_row(rule) for rule in (*RULES, CLASSIFIER)]
    for row in rows:
        row.mode = of_each.get("mode", row.mode)
        if of_each.get("mode") == "on" and row.pk != CLASSIFIER:
            row.threshold = NEVER if row.threshold and row.pk != "links_new_account" else row.threshold
            row.entries = (
                "\n".join(f"never{n}.example" for n in range(ENTRIES)) if row.pk in WITH_ENTRIES else ""
            )
    ScreeningRule.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"], update_fields=["mode", "threshold", "entries"]
    )
    rulebook.KEPT.renew("all", rulebook._load())  # not dropped: that leaves a tombstone for seconds
    rulebook.KEPT.forget_here()
    if any(setting.mode != row.mode for row in rows if (setting := rulebook.book()[row.pk])):
        raise RuntimeError("the rules are not set")


def _off() -> None:
    _set(mode="off")


def _usual() -> None:
    _set()


def _on() -> None:
    _set(mode="on")
