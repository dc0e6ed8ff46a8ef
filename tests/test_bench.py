"""The instruments of script/bench: a wrong ruler measures nothing."""

import asyncio
import json
import resource
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from io import BytesIO
from os import getpid
from typing import Any

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client
from websockets.asyncio.server import ServerConnection, broadcast, serve

from accounts.models import User
from accounts.tests.factories import person
from bench.client import get, measure
from bench.crowd import Crowd, Guest
from bench.memory import megabytes
from bench.report import Report, machine, percentiles, table
from feeds import timelines
from feeds.models import FeedEntry, PullSource
from feeds.selectors import home_page
from feeds.tests.factories import publish
from socialnet.embedded.errors import StartError
from socialnet.kernel.invariants import broken
from socialnet.kernel.redis import door
from socialnet.outbox.testing import drain

DELAY = 0.02


class Slow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        time.sleep(DELAY)
        body = b"x" * 5000
        self.send_response(404 if self.path == "/wrong" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_load_generator_measures_what_a_server_takes(port: int) -> None:
    figures = measure(port, [get("/")], connections=2, seconds=0.6)
    assert figures.wrong == 0
    assert figures.p50 >= DELAY * 1000 and figures.p50 <= figures.p95 <= figures.p99 <= figures.slowest
    assert figures.per_second <= 2 / DELAY
    assert figures.requests >= 4


def test_it_counts_answers_that_are_not_what_was_asked_for(port: int) -> None:
    figures = measure(port, [get("/"), get("/wrong")], connections=1, seconds=0.4)
    assert 0 < figures.wrong < figures.requests


def test_it_says_so_when_nobody_listens() -> None:
    with pytest.raises(RuntimeError):
        measure(1, [get("/")], connections=1, seconds=0.1)


def test_percentiles_are_exact() -> None:
    assert percentiles([*map(float, range(101))], 50, 95, 99) == [50, 95, 99]
    assert percentiles([7.0], 50, 99) == [7, 7]


def test_a_table_can_be_pasted_into_a_document() -> None:
    lines = table([{"what": "a", "req/s": 1234.5}, {"what": "bb", "SQL": 2}]).splitlines()
    assert len({len(line) for line in lines}) == 1 and "1,234" in lines[2] and lines[1].startswith("| ----")


def test_a_report_is_written_with_machine_and_commit(tmp_path) -> None:  # type: ignore[no-untyped-def]
    report = Report("feed", machine())
    report.add("Memory", process="web", MB=1.5)
    report.write(tmp_path / "deep/figures.json")
    kept = json.loads((tmp_path / "deep/figures.json").read_text())
    assert kept["machine"]["commit"] and kept["tables"]["Memory"] == [{"process": "web", "MB": 1.5}]


def test_memory_of_this_very_process() -> None:
    size, processes = megabytes(getpid())
    assert size > 10 and processes >= 1
    assert megabytes(2**22 + 1) == (0, 0)


@pytest.mark.django_db
def test_the_bare_view_answers_with_as_many_bytes_as_asked_and_round_trips_are_counted() -> None:
    from bench.bare import blob_keys
    from bench.town import session_of

    ada = person("ada")
    home_page(viewer=ada)
    with door() as client:
        client.mset(dict.fromkeys(blob_keys(), b"{}"))
    answer, body = call("/bench/bare", "bytes=1234", session_of(ada))
    assert answer["status"] == "200 OK" and len(body) == 1234
    assert (answer["X-Bench-SQL"], answer["X-Bench-Redis"]) == ("1", "3")


@pytest.mark.django_db
def test_a_home_by_api_costs_one_query_and_four_round_trips() -> None:
    from bench.town import session_of

    cookie = session_of(person("ada"))
    call("/api/v1/feed", "", cookie)
    call("/api/v1/feed", "", cookie)
    answer, _body = call("/api/v1/feed", "", cookie)
    assert answer["status"] == "200 OK"
    assert (
        int(answer["X-Bench-SQL"]) <= 1 and int(answer["X-Bench-Redis"]) <= 5
    )  # the fifth is the rate limit


def call(path: str, query: str, cookie: str) -> tuple[dict[str, str], bytes]:
    application = import_module("bench.wsgi").application
    heard: dict[str, str] = {}
    environ = Client()._base_environ(
        PATH_INFO=path, QUERY_STRING=query, HTTP_COOKIE=cookie, HTTP_X_BENCH_COUNT="1"
    )  # type: ignore[attr-defined]
    environ["wsgi.input"] = BytesIO()

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        heard.update(headers, status=status)

    request_started.disconnect(close_old_connections)  # the test's own transaction stays open
    try:
        return heard, b"".join(application(environ, start))
    finally:
        request_started.connect(close_old_connections)


@pytest.mark.django_db(transaction=True)
def test_a_crowd_follows_its_star_and_violates_nothing() -> None:
    from bench.town import author_with, make_crowd

    stars = make_crowd([5, 12])
    assert {size: star.follows_met.count() for size, star in stars.items()} == {5: 5, 12: 12}
    assert author_with(5) == stars[5] and author_with(1_000) == stars[12]
    assert User.objects.count() == 14
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_celebrities_are_merged_into_the_homes_of_those_who_follow_them(settings: Any) -> None:
    from bench.town import follow, make_celebrities

    settings.TIER_PULL = 3
    stars = make_celebrities(2, followers=4, posts=2)
    ada = person("ada")
    follow([ada], stars)
    drain()
    entries = FeedEntry.objects.exclude(user_id__in=[star.pk for star in stars])
    assert PullSource.objects.count() == 2 and not entries.exists()
    assert len(home_page(viewer=ada).items) == 4
    assert broken() == []


@pytest.mark.django_db
def test_groups_are_made_as_people_would_make_them() -> None:
    from bench.groups import join, make_groups

    ada, ben = person("ada"), person("ben")
    groups = make_groups(2, posts=2, written_by=ada)
    join([ada, ben], groups)
    drain()
    assert len(home_page(viewer=ben).items) == 4
    assert broken() == []


@pytest.mark.django_db
def test_a_timeline_is_weighed_and_gone_again() -> None:
    from bench.home import NOBODY, timeline_of

    ada = person("ada")
    for number in range(3):
        publish(ada, f"Post {number}")
    weighed = timeline_of(800)
    assert weighed["ids"] == 3 and weighed["bytes"] > 100
    assert timelines.contents(NOBODY) is None


def test_it_asks_each_request_once_if_told_to(port: int) -> None:
    figures = measure(port, [get("/")] * 5, connections=2, seconds=5, once=True)
    assert (figures.requests, figures.wrong) == (5, 0)


async def test_the_sockets_of_a_crowd_count_and_note_what_they_hear() -> None:
    async def greet(page: ServerConnection) -> None:
        await page.send(f"hello {page.request.headers['X-Who']} {await page.recv()}")  # type: ignore[union-attr]
        await page.wait_closed()

    async with serve(greet, "127.0.0.1", 0, compression=None, ping_interval=0.05) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with Crowd() as crowd:
            guests = [Guest({"X-Who": f"n{number}"}, "said " + "x" * (200 * number)) for number in range(3)]
            assert await asyncio.to_thread(crowd.open, "room", port, "/", guests) > 0
            crowd.take_notes("room")
            began = time.perf_counter()
            for text in ("short", "l" * 5000):
                broadcast(server.connections, text)
            await asyncio.to_thread(crowd.wait_for, "room", 6)
            notes = crowd.notes("room")
            assert crowd.heard("room") == 6 and crowd.notes("room") == []
            assert {(page, len(text)) for page, _at, text in notes} == {
                (n, s) for n in range(3) for s in (5, 5000)
            }
            assert all(began < at < time.perf_counter() for _page, at, _text in notes)
            await asyncio.sleep(0.2)  # pings are answered meanwhile, or the server would close
            broadcast(server.connections, "still there")
            await asyncio.to_thread(crowd.wait_for, "room", 9)


async def test_a_crowd_that_is_sent_away_says_so() -> None:
    async def refuse(page: ServerConnection) -> None:
        await page.close(4429)

    async with serve(refuse, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with Crowd() as crowd, pytest.raises(RuntimeError, match="4429"):
            await asyncio.to_thread(crowd.open, "room", port, "/", [Guest({})] * 2)
    with Crowd() as crowd, pytest.raises(RuntimeError):
        await asyncio.to_thread(crowd.open, "room", port, "/", [Guest({})])


def test_each_screen_shows_a_like_with_the_first_count_that_holds_it() -> None:
    from bench.live import _likes_in, shown_after

    def told(page: int, at: float, count: int, event: str = "counts") -> tuple[int, float, bytes]:
        return page, at, json.dumps({"event": event, "data": {"like_count": count}}).encode()

    notes = [told(0, 1.5, 1), told(0, 2.5, 3), told(0, 3.0, 3), told(1, 2.25, 2), told(1, 9.0, 3, "snapshot")]
    shown = shown_after({1: 1.0, 2: 1.25, 3: 2.0}, notes, _likes_in)
    assert sorted(shown) == [500, 500, 1000, 1250, 1250]


def test_the_limit_of_files_is_raised_as_far_as_it_goes() -> None:
    from bench.live import raise_limit_of_files

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        raise_limit_of_files(512)
        raise_limit_of_files(100)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (512, before[1])
        if before[1] != resource.RLIM_INFINITY:
            with pytest.raises(StartError):
                raise_limit_of_files(before[1] + 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_process_is_known_by_the_processor_time_it_used() -> None:
    from bench.live import cpu_seconds

    before = cpu_seconds(getpid())
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert 0.05 <= cpu_seconds(getpid()) - before < 2
