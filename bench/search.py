"""Search by API on a large town: people, posts by rare and by common words, and suggestions."""

import http.client
import json
import random
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from urllib.parse import quote

from django.db import connection, connections

from accounts.models import User
from bench import town
from bench.client import Figures, get, measure
from bench.report import Report
from bench.stack import Stack
from discovery.models import Kind, SearchDocument
from discovery.search.words import words_in
from feeds.graph.ties import read_ties
from feeds.models import Post

VIEWERS = 40
CONNECTIONS = (1, 4)
SAMPLE = 3_000  # posts whose words are counted
QUESTIONS = 200  # of a kind; nobody asks the same twice, so that nothing is kept
SEED = 7
_MATCHES = """
SELECT count(*) FROM discovery_searchdocument d WHERE d.kind = 2 AND d.words @@ %s::tsquery
"""
_SIZES = """
SELECT relname, pg_relation_size(oid) / 1000000.0 FROM pg_class
WHERE relname LIKE 'discovery_searchdocument%%' AND relkind = 'r' OR relname LIKE 'document\\_%%' ORDER BY relname
"""


def run(report: Report, options: Namespace) -> None:
    people = len(read_ties(options.graph).nodes)
    town.load(options.graph, sys.stderr, posts_per_person=max(1, round(options.posts / people)))
    _make_documents(report)
    chance = random.Random(SEED)
    cookies = [town.session_of(person) for person in town.viewers(VIEWERS)]
    common, rare = _words(chance)
    _tell_matches(report, common, rare)
    asked: dict[str, list[str]] = {
        "people, by name": _asked("users", _names(chance)),
        "people, one slip": _asked("users", (_slip(name, chance) for name in _names(chance))),
        "posts, rare words": _asked("posts", _pairs(rare, chance)),
        "posts, common words": _asked("posts", _pairs(common, chance)),
        "suggestions": [f"/api/v1/search/suggest?q={quote(part)}" for part in _beginnings(chance)],
    }
    with Stack() as stack:
        _warm(stack, cookies)
        for name, paths in asked.items():
            _cost_of_one(report, stack, name, paths[0], cookies[0])
        for connections_ in CONNECTIONS:
            _measure(report, stack, asked, cookies, connections_)


def _make_documents(report: Report) -> None:
    with connections["owner"].cursor() as cursor:
        for table in (
            "discovery_searchdocument",
            "feeds_post",
            "feeds_postcounts",
            "accounts_follow",
            "accounts_user",
        ):
            cursor.execute(f"VACUUM (ANALYZE) {table}")
    for kind in Kind:
        report.add("Documents", what=str(kind.label), many=SearchDocument.objects.filter(kind=kind).count())
    with connection.cursor() as cursor:
        cursor.execute(_SIZES)
        for name, size in cursor.fetchall():
            report.add("Size", what=name, MB=float(size))


def _words(chance: random.Random) -> tuple[list[str], list[str]]:
    """The commonest words of posts, and those that hardly any has."""
    newest = Post.objects.order_by("-pk").values_list("content", flat=True)[:SAMPLE]
    counted = Counter(
        form for content in newest for form in {word.written for word in words_in(content) if word.forms}
    )
    common = [word for word, _many in counted.most_common(25)]
    rare = [word for word, many in counted.items() if many == 1 and len(word) > 5]
    return common, chance.sample(sorted(rare), min(len(rare), 200))


def _tell_matches(report: Report, common: list[str], rare: list[str]) -> None:
    for name, words in (("common", common[:3]), ("rare", rare[:3])):
        for word in words:
            with connection.cursor() as cursor:
                cursor.execute(_MATCHES, [f"'{word}'"])
                report.add("Words", what=name, posts=cursor.fetchone()[0], letters=len(word))


def _names(chance: random.Random) -> list[str]:
    """First names, family names, both, and usernames, as they come."""
    people = User.objects.order_by("pk").values_list("username", "display_name")
    found = [name for pair in people.iterator() for name in (pair[0], *pair[1].split(), pair[1])]
    return chance.sample(found, QUESTIONS)


def _slip(name: str, chance: random.Random) -> str:
    word = next((word for word in name.split() if len(word) > 4), "someone")
    place = chance.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _beginnings(chance: random.Random) -> Iterable[str]:
    return [name[: chance.randint(1, 5)].strip() or "a" for name in _names(chance)]


def _pairs(words: list[str], chance: random.Random) -> Iterable[str]:
    """Each word alone, then two of them, without a third."""
    found = [*words]
    while len(found) < QUESTIONS:
        one, other, third = chance.sample(words, 3)
        found.append(f"{one} -{other}" if len(found) % 2 else f"{one} -{other} -{third}")
    return found[:QUESTIONS]


def _asked(kind: str, questions: Iterable[str]) -> list[str]:
    return [f"/api/v1/search?type={kind}&q={quote(text)}" for text in questions]


def _warm(stack: Stack, cookies: list[str]) -> None:
    for cookie in islice(cookies, 8):
        _ask(stack, "/api/v1/search?q=warm", cookie)


def _ask(stack: Stack, path: str, cookie: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    asking = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    asking.request("GET", path, headers={"Cookie": cookie, **headers})
    answer = asking.getresponse()
    return answer, answer.read()


def _cost_of_one(report: Report, stack: Stack, name: str, path: str, cookie: str) -> None:
    started = time.perf_counter()
    answer, body = _ask(stack, path, cookie, **{"X-Bench-Count": "1"})
    report.add(
        "One question",
        what=name,
        ms=(time.perf_counter() - started) * 1000,
        found=len(json.loads(body).get("results", [])),
        SQL=int(answer.headers.get("X-Bench-SQL", 0)),
        Redis=int(answer.headers.get("X-Bench-Redis", 0)),
    )


def _measure(
    report: Report, stack: Stack, asked: dict[str, list[str]], cookies: list[str], connections_: int
) -> None:
    """Each question once, by another person each time and at another number of connections."""
    figures: dict[str, Figures] = {}
    for name, paths in asked.items():
        offset = CONNECTIONS.index(connections_) + 1  # nobody asks what they asked before
        requests = [
            get(path, Cookie=cookies[(place + offset) % len(cookies)]) for place, path in enumerate(paths)
        ]
        figures[name] = measure(stack.port, requests, connections=connections_, seconds=60, once=True)
    rare = figures["posts, rare words"].p95
    for name, one in figures.items():
        report.add(
            f"{connections_} connection{'s' if connections_ > 1 else ''}, each question once, ms",
            what=name,
            **{
                "req/s": one.per_second, "p50": one.p50, "p95": one.p95, "p99": one.p99, "requests": one.requests,
                "wrong": one.wrong, "of rare": f"{one.p95 / rare:.1f} ×" if name.startswith("posts") else "",
            },
        )  # fmt: skip
