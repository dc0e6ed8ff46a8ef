"""`manage.py diagnose trace`: what one request set in motion, in order of time."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from socialnet.kernel.logbook import moments_in
from socialnet.kernel.logging import bound
from socialnet.outbox import deliveries, handlers
from socialnet.outbox.actions import emit, owe, record
from socialnet.outbox.deliveries import Message
from socialnet.outbox.events import Event
from socialnet.outbox.handlers import Owed, on, owed
from socialnet.outbox.models import Delivery
from socialnet.outbox.relay import lease
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
REQUEST = "request-0001"


@dataclass(frozen=True, kw_only=True)
class ThingTraced(Event):
    name = "test.thing_traced"
    number: int
    words: str = ""
    people: list[int] | None = None


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_handlers", {})
    monkeypatch.setattr(handlers, "_reactions", {})
    on(ThingTraced)(divide)
    owed()(make_piece)


def divide(events: list[ThingTraced]) -> None:
    for event in events:
        owe(make_piece, event, ["1-10", "11-20"])


def make_piece(pieces: list[Owed]) -> None:
    for piece in pieces:
        if piece.key == "11-20":
            raise ValueError("no")


@pytest.fixture
def acted() -> Iterator[None]:
    with bound(request_id=REQUEST), transaction.atomic():
        emit(ThingTraced(number=41, words="a private word", people=[1, 2, 3, 4, 5, 6]), actor_id=7)
        record("test.act", actor_id=7, target_type="user", target_id=8, after={"count": 2, "reason": "rude"})
    with transaction.atomic():
        emit(ThingTraced(number=42))  # of no request
    yield


def trace(*words: str) -> str:
    out = StringIO()
    call_command("diagnose", "trace", REQUEST, *words, stdout=out)
    return out.getvalue()


def test_the_story_goes_from_the_act_to_its_pieces(acted: None) -> None:
    drain(allow_failures=True)
    said = trace()
    order = [
        "event test.thing_traced",
        "test.act by person 7 on user 8",
        "test_trace.divide (delivery",
        "test_trace.make_piece 1-10 (delivery",
    ]
    assert sorted(order, key=said.index) == order
    assert "taken by a worker, and done, at attempt 1" in said
    assert "attempt 1 failed: ValueError at" in said and "due again at" in said
    assert "number=41" in said and "number=42" not in said


def test_nothing_that_people_wrote_is_in_it(acted: None) -> None:
    said = trace()
    assert "words=…" in said and "people=[1, 2, 3, 4, 5, …]" in said
    assert "count=2, reason=…" in said
    assert "private" not in said and "rude" not in said


def waits(_ids: list[int]) -> None:
    pass


def leased(_ids: list[int]) -> None:
    lease(["test_trace.divide"], limit=10)


def claimed(ids: list[int]) -> None:
    deliveries._claim(ids, tried=0, message=Message())


def dead(ids: list[int]) -> None:
    Delivery.objects.filter(pk__in=ids).update(state=Delivery.State.DEAD, attempts=5, last_error="KeyError")


STATES: dict[str, Callable[[list[int]], None]] = {
    "waits for the relay": waits,
    "handed over, and no worker has taken it yet": leased,
    "a worker took it and is at attempt 1, or was lost": claimed,
    "a dead letter after attempt 5: KeyError": dead,
}


@pytest.mark.parametrize("words", STATES)
def test_a_delivery_says_how_far_it_came(acted: None, words: str) -> None:
    STATES[words](list(Delivery.objects.values_list("pk", flat=True)))
    assert words in trace()


def test_a_request_of_which_nobody_knows_is_an_error() -> None:
    with pytest.raises(CommandError, match="Nobody knows anything of request-0001"):
        trace()


LINES = """
web      | {"method":"POST","route":"posts","status":302,"ms":30.5,"user_id":7,"request_id":"request-0001",\
"event":"request","level":"info","logger":"socialnet.kernel.web","timestamp":"2026-03-01T10:00:00.100000Z"}
worker-1  | {"handler":"feeds.deliver_posts","count":3,"milliseconds":12,"request_ids":["request-0000","request-0001"],\
"event":"deliveries_made","logger":"socialnet.outbox.deliveries","timestamp":"2026-03-01T10:00:00.400000Z"}
{"event":"socket_left_without_redis","logger":"socialnet.consumers","request_id":"request-0001",\
"timestamp":"2026-03-01T10:00:00.500000Z"}
{"event":"request","request_id":"request-00011","timestamp":"2026-03-01T10:00:00.600000Z"}
{"event":"cut","request_id":"request-0001"
web      | a line that mentions request-0001
""".strip().replace("\\\n", "")


def test_the_logs_of_all_processes_join_in(acted: None, tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text(LINES)
    said = trace(f"--log={tmp_path / 'server.log'}")
    story = said.splitlines()
    assert "2026-03-01" in story[0]
    assert "10:00:00.069" in story[1] and "web" in story[1] and "POST posts, person 7" in story[1]
    assert "10:00:00.100" in story[2] and "answered 302 after 30.5 ms" in story[2]
    assert "worker" in story[3] and "deliveries_made count=3 handler=feeds.deliver_posts" in story[3]
    assert "live" in story[4] and "socket_left_without_redis" in story[4]
    assert "outbox" in story[5]  # what happened in this test, later
    assert "request-00011" not in said


def test_standard_input_does_as_well(acted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(LINES))
    assert "answered 302" in trace("--log=-")


def test_a_log_that_is_not_there_is_an_error(acted: None) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        trace("--log=/nowhere/server.log")


def test_readable_lines_count_as_of_the_same_day() -> None:
    line = (
        "\x1b[32mweb      |\x1b[0m 10:00:07 [info     ] request     [socialnet.kernel.web]"
        " method=GET ms=3.1 request_id=request-0001 route=home"
    )
    coloured = "10:00:09 [\x1b[32minfo\x1b[0m] answered [socialnet.kernel.web] request_id=\x1b[35mrequest-0001\x1b[0m"
    moment, other = moments_in([line, coloured], request_id=REQUEST, day=datetime(2026, 3, 1).date())
    assert (other.where, other.what) == ("web", "answered [socialnet.kernel.web]")
    assert moment.at == datetime(2026, 3, 1, 10, 0, 7, 999000).astimezone(UTC)
    assert (moment.where, moment.what) == (
        "web",
        "request [socialnet.kernel.web] method=GET ms=3.1 route=home",
    )
