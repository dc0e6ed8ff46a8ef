"""Between the outbox and the workers: full queues, an absent broker, copies of messages, events nobody can read."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg2.errors
import pytest
from celery.app.task import Context
from celery.exceptions import SoftTimeLimitExceeded
from celery.schedules import crontab
from django.db import OperationalError, connection, transaction

from socialnet.celery import app
from socialnet.outbox import broker, deliveries, handlers
from socialnet.outbox import relay as relay_module
from socialnet.outbox.actions import emit
from socialnet.outbox.deliveries import Message
from socialnet.outbox.errors import NotYet
from socialnet.outbox.events import Event
from socialnet.outbox.handlers import Owed, name_of, on, owed
from socialnet.outbox.models import Delivery
from socialnet.outbox.models import Event as StoredEvent
from socialnet.outbox.relay import _LEASE, Relay, give_back, lease
from socialnet.outbox.tasks import make_deliveries
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
seen: list[object] = []
trouble: dict[int, Exception] = {}
meanwhile: list[Callable[[], object]] = []


@dataclass(frozen=True, kw_only=True)
class BellRang(Event):
    name = "test.bell_rang"
    number: int


def hear(events: list[BellRang]) -> None:
    for event in events:
        for happen in meanwhile:
            happen()
        if event.number in trouble:
            raise trouble[event.number]
        seen.append(event.number)


def hear_slowly(events: list[BellRang]) -> None:
    seen.extend(event.number for event in events)


HEAR = name_of(hear)


def hear_piece(pieces: list[Owed]) -> None:
    seen.extend(piece.key for piece in pieces)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Handlers of this file only: two queues, so that one may be full while the other is not."""
    monkeypatch.setattr(handlers, "_handlers", {})
    monkeypatch.setattr(handlers, "_reactions", {})
    on(BellRang, batch=2)(hear)
    on(BellRang, queue="fanout_bulk", batch=2)(hear_slowly)
    owed(batch=2)(hear_piece)
    seen.clear()
    trouble.clear()
    meanwhile.clear()


@pytest.fixture
def relay() -> Relay:
    return Relay(threading.Event())


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, list[int]]]:
    """What was handed over; nothing reaches the broker."""
    batches: list[tuple[str, list[int]]] = []

    def hand_over(name: str, ids: list[int], *, queue: str) -> bool:
        batches.append((name, ids))
        return True

    monkeypatch.setattr(broker, "hand_over", hand_over)
    return batches


def ring(*numbers: int) -> list[int]:
    with transaction.atomic():
        for number in numbers:
            emit(BellRang(number=number))
    return ids_of(HEAR)


def ids_of(handler: str) -> list[int]:
    return list(Delivery.objects.filter(handler=handler).order_by("id").values_list("id", flat=True))


def due_in() -> list[float]:
    """Seconds until each open delivery is due, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM leased_until - clock_timestamp()) FROM outbox_delivery "
            "WHERE state = 0 ORDER BY id"
        )
        return [float(row[0]) for row in cursor.fetchall()]


def make_due() -> None:
    Delivery.objects.update(leased_until="2000-01-01T00:00Z")


def copies(count: int, name: str, ids: list[int]) -> None:
    """As many messages for the same deliveries as waited in the queue while no worker was there."""
    for _ in range(count):
        deliveries.run(name, ids)


# --- the relay and the broker ------------------------------------------------------------------------------


def hear_together(events):
    hear(events)


def test_what_nobody_waits_for_comes_together(relay, sent):
    on(BellRang, batch=100, gather=30)(hear_together)
    ring(1, 2)
    relay.round()
    gathered = [ids for name, ids in sent if name.endswith("hear_together")]
    assert [len(ids) for ids in gathered] == [2]
    ring(3)
    ring(4, 5)
    assert relay.round() == 6  # of the two that do not wait
    relay.waits_until.clear()  # half a minute later
    assert relay.round() == 3
    assert [len(ids) for name, ids in sent if name.endswith("hear_together")] == [2, 3]


def test_a_backlog_is_not_waited_with(relay, sent, monkeypatch):
    monkeypatch.setattr(relay_module, "LEASE_BATCH", 4)
    handlers._reactions.clear()
    on(BellRang, batch=2, gather=30)(hear_together)
    ring(*range(10))
    assert [relay.round() for _ in range(4)] == [4, 4, 2, 0]


def test_due_deliveries_become_messages_of_at_most_a_batch(relay, sent):
    ring(1, 2, 3)
    assert relay.round() == 6
    assert sorted(len(ids) for _name, ids in sent) == [1, 1, 2, 2]
    assert relay.round() == 0


def test_messages_lie_in_the_queue_of_their_handler(relay):
    ring(1, 2, 3)
    relay.round()
    assert broker.room(["default", "fanout_bulk"], most=40) == {"default": 38, "fanout_bulk": 38}


def test_a_full_queue_gets_no_more_and_the_other_goes_on(relay, settings):
    settings.RELAY_QUEUE_ROOM = 3
    ring(*range(6))
    assert relay.round() == 12
    relay.room_read_at = 0.0
    ring(*range(6))
    with app.connection_or_acquire() as link:
        link.default_channel.queue_purge("fanout_bulk")
    assert relay.round() == 6
    assert broker.room(["default", "fanout_bulk"], most=3) == {"default": 0, "fanout_bulk": 0}


def test_what_the_broker_does_not_take_is_due_again_in_a_second(relay, monkeypatch):
    """The first hand-over fails: the relay neither stumbles over the rest nor knocks again for each of it."""
    ring(1, 2, 3, 4, 5)
    knocks = []
    monkeypatch.setattr(broker, "hand_over", lambda *args, **kwargs: knocks.append(args) or False)
    assert relay.round() == 0
    assert len(knocks) == 1
    assert max(due_in()) < 1.1  # not a whole lease later


def test_with_redis_stopped_nothing_is_leased_and_everything_comes_later(relay, redis_process):
    ring(1, 2)
    redis_process.stop()
    try:
        assert relay.round() == 0
        assert max(due_in()) <= 0
    finally:
        redis_process.start()
    relay.room_read_at = 0.0
    assert relay.round() == 4


def test_two_relays_lease_apart(relay, sent):
    ring(*range(10))
    other = Relay(threading.Event())
    for turn in (relay, other, relay, other):
        turn.round()
    handed = [ident for _name, ids in sent for ident in ids]
    assert len(handed) == len(set(handed)) == 20


def test_a_lease_takes_the_oldest_of_all_its_handlers():
    ring(1, 2, 3)
    names = [HEAR, name_of(hear_slowly)]
    newest = Delivery.objects.filter(handler=names[1]).latest("id").pk
    Delivery.objects.filter(pk=newest).update(leased_until="2000-01-01T00:00Z")
    assert lease(names, limit=1) == {names[1]: [newest]}
    assert sum(len(ids) for ids in lease(names, limit=4).values()) == 4
    assert len(lease([HEAR, names[1]], limit=100)) == 1


def test_a_lease_reads_nothing_of_other_handlers_and_nothing_that_is_not_due():
    ring(1)
    event = StoredEvent.objects.get()
    Delivery.objects.bulk_create(
        Delivery(event=event, handler=handler, key=str(number), leased_until=due)
        for number in range(500)
        for handler, due in (("full.queue", "2000-01-01T00:00Z"), (HEAR, "2100-01-01T00:00Z"))
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE outbox_delivery; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
        )
        cursor.execute(
            f"EXPLAIN (ANALYZE, TIMING OFF) {_LEASE}", {"handlers": [HEAR], "lease": 20, "limit": 100}
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using delivery_due_by_handler" in plan
    assert "(leased_until <= statement_timestamp())" in plan.partition("Index Cond:")[2].partition("\n")[0]
    assert "Rows Removed" not in plan


def test_the_task_is_a_door_to_the_deliveries():
    ids = ring(1, 2)
    make_deliveries(HEAR, ids)
    assert seen == [1, 2]


def test_tasks_are_acknowledged_late_and_come_back_from_lost_workers():
    assert make_deliveries.acks_late and make_deliveries.reject_on_worker_lost
    assert app.conf.broker_transport_options["visibility_timeout"] > app.conf.task_time_limit
    assert app.conf.broker_transport_options["socket_timeout"] <= 5
    assert app.conf.accept_content == ["json"]


def test_a_message_is_stopped_before_its_leases_end():
    """Or what takes long would be handed over again and run beside itself."""
    assert make_deliveries.soft_time_limit < make_deliveries.time_limit < handlers.LEASE_SECONDS


def test_jobs_that_nobody_took_before_the_next_do_not_pile_up():
    for entry in app.conf.beat_schedule.values():
        schedule = entry["schedule"]
        if isinstance(schedule, crontab):
            schedule = 24 * 3600 / (len(schedule.hour) * len(schedule.minute))
        assert entry["options"]["expires"] == max(schedule, 60), (
            "a slow queue must not starve what is often due"
        )


def test_when_the_time_of_a_message_is_up_nothing_more_is_claimed_for_it():
    """In a batch nobody knows what took too long: each is tried alone afterwards, and the others wait unharmed."""
    trouble[1] = SoftTimeLimitExceeded()
    ids = ring(1, 2)
    for tried in ([("", 1), ("", 1)], [("took too long", 2), ("", 1)]):
        with pytest.raises(SoftTimeLimitExceeded):
            deliveries.run(HEAR, ids)
        kept = Delivery.objects.filter(pk__in=ids).order_by("id").values_list("last_error", "attempts")
        assert list(kept) == tried
        make_due()
    assert seen == []


# --- copies of messages ------------------------------------------------------------------------------------


def test_copies_of_a_message_do_not_cut_the_pause_after_a_failure_short():
    """A worker that was away comes back to many messages for one delivery: only one attempt is made for them all."""
    trouble[1] = ValueError("no")
    ids = ring(1)
    copies(10, HEAR, ids)
    delivery = Delivery.objects.get(pk=ids[0])
    assert (delivery.state, delivery.attempts) == (Delivery.State.OPEN, 1)
    assert due_in()[0] > 1
    make_due()
    copies(10, HEAR, ids)
    assert Delivery.objects.get(pk=ids[0]).attempts == 2


def test_copies_of_a_message_that_is_at_work_do_nothing(relay):
    """Or a letter would be sent twice."""
    ids = ring(1, 2)
    relay.round()
    meanwhile.append(lambda: copies(3, HEAR, ids))
    assert deliveries.run(HEAR, ids) == 2
    assert seen == [1, 2]
    assert set(Delivery.objects.filter(pk__in=ids).values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_with_copies_of_one_message_one_runs_the_handler():
    (ident,) = ring(1)
    meanwhile.append(lambda: time.sleep(0.2))

    def take_copy(_number: int) -> int:
        try:
            return deliveries.run(HEAR, [ident])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        made = list(workers.map(take_copy, range(8)))
    assert sum(made) == 1 and seen == [1]


def test_a_message_brought_again_after_its_worker_was_lost_is_made_at_once():
    ids = ring(1, 2)
    deliveries._claim(ids, tried=0, message=Message("lost"))  # the worker dies: nothing comes back
    assert deliveries.run(HEAR, ids, message=Message("another", again=True)) == 0
    assert deliveries.run(HEAR, ids, message=Message("lost")) == 0  # a copy, and the first may be at work
    assert deliveries.run(HEAR, ids, message=Message("lost", again=True)) == 2


def test_what_a_lost_worker_had_claimed_is_made_when_its_lease_ends():
    ids = ring(1, 2)
    deliveries._claim(ids, tried=0, message=Message("lost"))
    assert drain() == 2  # those of the other handler
    make_due()
    assert drain() == 2 and seen.count(1) == seen.count(2) == 2


def test_the_task_says_when_celery_brings_its_message_again():
    ids = ring(1, 2)
    deliveries._claim(ids, tried=0, message=Message("lost"))
    make_deliveries.apply((HEAR, ids), task_id="lost")
    assert seen == []
    make_deliveries.request_stack.push(Context(id="lost", delivery_info={"redelivered": True}))
    try:
        make_deliveries.run(HEAR, ids)
    finally:
        make_deliveries.request_stack.pop()
    assert seen == [1, 2]


def test_who_lost_a_claim_by_being_slow_does_not_end_that_of_its_successor():
    ids = ring(1)
    (slow,) = deliveries._claim(ids, tried=0, message=Message("slow"))
    make_due()
    deliveries._claim(ids, tried=1, message=Message("successor"))
    deliveries._fail(HEAR, slow, "no")
    deliveries._postpone(handlers.handler_named(HEAR), [slow], NotYet(60), seconds=60)
    delivery = Delivery.objects.get(pk=ids[0])
    assert (delivery.claimed_by, delivery.last_error, delivery.attempts) == ("successor", "", 2)
    copies(1, HEAR, ids)
    assert seen == []


def test_what_a_worker_has_claimed_is_not_given_back_though_the_broker_did_not_answer():
    ids = ring(1)
    lease([HEAR], limit=10)
    meanwhile.append(lambda: give_back(ids))
    meanwhile.append(lambda: seen.extend(second for second in due_in()[:1] if second < 2))
    deliveries.run(HEAR, ids)
    assert seen == [1]


def test_a_delivery_that_is_made_is_done_though_others_used_up_the_attempts():
    """One worker stands still for longer than its lease, again and again, and goes on in the end."""
    ids = ring(1)
    (claim,) = deliveries._claim(ids, tried=0, message=Message())
    for _ in range(deliveries.MAX_ATTEMPTS):
        make_due()
        (copy,) = deliveries._claim(ids, tried=deliveries.MAX_ATTEMPTS, message=Message())
    deliveries._make(handlers.handler_named(HEAR), [copy])
    assert Delivery.objects.get(pk=ids[0]).state == Delivery.State.DEAD
    deliveries._make(handlers.handler_named(HEAR), [claim])
    assert Delivery.objects.get(pk=ids[0]).state == Delivery.State.DONE


# --- failures that look alike ------------------------------------------------------------------------------


def database_error(kind: type[Exception]) -> OperationalError:
    error = OperationalError("no")
    error.__cause__ = kind()
    return error


def test_a_statement_that_always_takes_too_long_ends_as_a_dead_letter():
    """It looks like an absent PostgreSQL, but costs attempts: otherwise it would be tried for ever."""
    with connection.cursor() as cursor, pytest.raises(OperationalError) as caught, transaction.atomic():
        cursor.execute("SET LOCAL statement_timeout = '1ms'")
        cursor.execute("SELECT pg_sleep(1)")
    trouble[1] = caught.value
    ids = ring(1, 2)
    for _ in range(deliveries.MAX_ATTEMPTS):
        drain(allow_failures=True)
        make_due()
    states = Delivery.objects.in_bulk(ids)
    assert [states[ident].state for ident in ids] == [Delivery.State.DEAD, Delivery.State.DONE]


def test_a_lost_connection_costs_no_attempt():
    trouble[1] = database_error(psycopg2.OperationalError)
    (ident,) = ring(1)
    for _ in range(2 * deliveries.MAX_ATTEMPTS):
        drain(allow_failures=True)
        make_due()
    delivery = Delivery.objects.get(pk=ident)
    assert (delivery.state, delivery.attempts) == (Delivery.State.OPEN, 0)


@pytest.mark.parametrize("change", [{"name": "test.of_another_release"}, {"payload": {}}])
def test_an_event_that_cannot_be_read_becomes_a_dead_letter_and_holds_nobody_up(change):
    """Unknown, or without a field that it has here: a release was rolled back, or a name changed."""
    ids = ring(1, 2, 3)
    StoredEvent.objects.filter(deliveries=ids[1]).update(**change)
    for _ in range(deliveries.MAX_ATTEMPTS):
        drain(allow_failures=True)
        make_due()
    states = Delivery.objects.in_bulk(ids)
    assert [states[ident].state for ident in ids] == [
        Delivery.State.DONE,
        Delivery.State.DEAD,
        Delivery.State.DONE,
    ]
    assert {1, 3} <= set(seen)
