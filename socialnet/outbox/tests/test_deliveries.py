"""Events reach their handlers: once in effect, after failures, after losses, without blocking each other."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from socialnet.kernel.errors import RedisAway
from socialnet.outbox import deliveries, handlers
from socialnet.outbox.actions import emit, owe, record, retry_dead
from socialnet.outbox.deliveries import Message
from socialnet.outbox.errors import NoTransaction, NotYet
from socialnet.outbox.events import Event
from socialnet.outbox.handlers import Owed, name_of, on, owed
from socialnet.outbox.ids import id_at
from socialnet.outbox.models import AuditEntry, Delivery
from socialnet.outbox.models import Event as StoredEvent
from socialnet.outbox.relay import lease
from socialnet.outbox.tasks import forget_old
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
seen: list[object] = []
trouble: dict[int, Exception] = {}


@dataclass(frozen=True, kw_only=True)
class ThingHappened(Event):
    name = "test.thing_happened"
    number: int


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Handlers of this file only, for the length of a test."""
    monkeypatch.setattr(handlers, "_handlers", {})
    monkeypatch.setattr(handlers, "_reactions", {})
    on(ThingHappened)(note)
    owed()(note_piece)
    seen.clear()
    trouble.clear()


def note(events: list[ThingHappened]) -> None:
    for event in events:
        if event.number in trouble:
            raise trouble[event.number]
    seen.extend(event.number for event in events)


def note_piece(pieces: list[Owed]) -> None:
    seen.extend(piece.key for piece in pieces)


def happen(*numbers: int) -> None:
    with transaction.atomic():
        for number in numbers:
            emit(ThingHappened(number=number), actor_id=7)


def due_now() -> None:
    Delivery.objects.update(leased_until="2000-01-01T00:00Z")


def states() -> list[int]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def test_an_event_is_stored_with_a_delivery_per_handler_and_made_once():
    happen(1, 2)
    assert drain() == 2
    assert drain() == 0
    assert seen == [1, 2]
    assert states() == [1, 1]
    assert StoredEvent.objects.order_by("id").first().payload == {"number": 1}


@pytest.mark.django_db(transaction=True)
def test_emit_outside_a_transaction_is_refused():
    with pytest.raises(NoTransaction):
        emit(ThingHappened(number=1))


def test_a_rolled_back_change_leaves_no_event():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit(ThingHappened(number=1))
        1 / 0  # noqa: B018
    assert not StoredEvent.objects.exists()


def test_a_failing_batch_is_split_so_that_the_others_are_made():
    trouble[2] = ValueError("no")
    happen(1, 2, 3)
    drain(allow_failures=True)
    assert sorted(seen) == [1, 3]
    assert sorted(states()) == [0, 1, 1]


def test_after_five_attempts_a_delivery_is_a_dead_letter_and_can_be_retried():
    trouble[1] = ValueError("no")
    happen(1)
    for _ in range(5):
        due_now()
        drain(allow_failures=True)
    dead = Delivery.objects.get()
    assert (dead.state, dead.attempts) == (Delivery.State.DEAD, 5)
    assert dead.last_error.startswith("ValueError at socialnet/outbox/tests/test_deliveries.py:")
    assert dead.last_error.endswith(" note")
    trouble.clear()
    assert retry_dead([dead.pk]) == 1
    drain()
    assert seen == [1]


def test_of_an_error_the_types_and_the_place_are_kept_not_what_it_quotes(monkeypatch, caplog):
    """Deep in a library, because of another error: the place is where we called it."""

    def parse(_events: list[Event]) -> None:
        try:
            raise KeyError("ada@example.com")
        except KeyError:
            ip_address("ada@example.com")

    monkeypatch.setattr(handlers, "_handlers", {})
    monkeypatch.setattr(handlers, "_reactions", {})
    on(ThingHappened)(parse)
    happen(1)
    drain(allow_failures=True)
    kept = Delivery.objects.get().last_error
    assert kept.startswith("ValueError <- KeyError at socialnet/outbox/tests/test_deliveries.py:")
    assert kept.endswith(" parse")
    assert "delivery_failed" in caplog.text and "ada@" not in kept + caplog.text


def test_dead_letters_are_forgotten_with_their_events_after_a_month_and_counted(caplog):
    old = id_at(datetime.now(UTC) - timedelta(days=31))
    young = id_at(datetime.now(UTC) - timedelta(days=29))
    for number, ident in enumerate((old, old + 1, young)):
        event = StoredEvent.objects.create(id=ident, name="test.thing_happened", payload={"number": number})
        Delivery.objects.create(event=event, handler="test.note", state=Delivery.State.DEAD, last_error="x")
    Delivery.objects.create(event_id=old + 1, handler="test.note", key="owed still")
    forget_old()
    assert set(StoredEvent.objects.values_list("id", flat=True)) == {old + 1, young}
    assert set(Delivery.objects.values_list("event_id", "key")) == {(old + 1, "owed still"), (young, "")}
    (told,) = [line.msg for line in caplog.records if "dead_letters_forgotten" in str(line.msg)]
    assert told["handler"] == "test.note" and told["count"] == 2


def test_pauses_grow_between_attempts():
    trouble[1] = ValueError("no")
    happen(1)
    drain(allow_failures=True)
    assert lease([name_of(note)], limit=10) == {}
    assert drain(allow_failures=True) == 0


def test_a_neighbour_that_is_away_costs_no_attempt():
    trouble[1] = RedisAway()
    happen(1)
    for _ in range(8):
        due_now()
        drain(allow_failures=True)
    assert Delivery.objects.get().state == Delivery.State.OPEN
    assert Delivery.objects.get().attempts == 0
    trouble.clear()
    due_now()
    drain()
    assert seen == [1]


def test_a_handler_that_waits_is_asked_again_when_it_said_and_no_attempt_is_counted():
    trouble[1] = NotYet(300)
    happen(1)
    for _ in range(8):
        drain(allow_failures=True)
        waits = Delivery.objects.get()
        left = (waits.leased_until - timezone.now()).total_seconds()
        assert (waits.state, waits.attempts) == (Delivery.State.OPEN, 0) and 290 < left <= 300
        assert drain(allow_failures=True) == 0
        due_now()
    trouble.clear()
    drain()
    assert seen == [1]


def test_a_delivery_that_kills_its_worker_dies_after_five_tries_and_takes_nobody_along():
    happen(1, 2, 3)
    (name, ids), *_ = lease([handler.name for handler in handlers.handlers()], limit=10).items()
    poisoned = ids[1]
    deliveries._claim(ids, tried=0, message=Message("m"))  # the worker dies: nothing comes back
    for _ in range(6):  # redelivered: each runs alone now
        for delivery_id in ids:
            message = Message("m", again=True)
            claims = deliveries._claim([delivery_id], tried=deliveries.MAX_ATTEMPTS, message=message)
            if delivery_id == poisoned and claims and claims[0].attempts <= deliveries.MAX_ATTEMPTS:
                break  # dies again
            if claims:
                deliveries._make(handlers.handler_named(name), claims)
    assert sorted(seen) == [1, 3]
    assert Delivery.objects.get(pk=poisoned).state == Delivery.State.DEAD


def test_a_task_that_is_published_twice_has_one_effect():
    happen(1)
    (name, ids), *_ = lease([handler.name for handler in handlers.handlers()], limit=10).items()
    assert deliveries.run(name, ids) == 1
    assert deliveries.run(name, ids) == 0
    assert seen == [1]


def test_a_lease_keeps_others_away_until_it_ends():
    happen(1)
    names = [handler.name for handler in handlers.handlers()]
    assert lease(names, limit=10)
    assert not lease(names, limit=10)
    due_now()
    assert lease(names, limit=10)


def test_owing_a_piece_twice_makes_one_delivery():
    happen(1)
    ids = list(Delivery.objects.values_list("id", flat=True))
    event = deliveries._claim(ids, tried=0, message=Message())[0].event
    owe(note_piece, event, ["a", "b"])
    owe(note_piece, event, ["b", "c"])
    drain()
    assert [key for key in seen if isinstance(key, str)] == ["a", "b", "c"]


def test_the_record_of_acts_cannot_be_changed_by_the_application():
    record("test.act", actor_id=1, target_type="user", target_id=2, before={"a": 1}, after={"a": 2})
    for statement in ("UPDATE outbox_auditentry SET act = ''", "DELETE FROM outbox_auditentry"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AuditEntry.objects.get().after == {"a": 2}
