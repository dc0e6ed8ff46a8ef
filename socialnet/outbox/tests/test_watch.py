"""The watch over the load: what is measured, when the level rises and falls, and who of several relays decides."""

import threading
import time

import pytest
from django.db import connection

from socialnet.kernel import overload, redis, response_times
from socialnet.kernel.overload import State
from socialnet.outbox import watch
from socialnet.outbox.models import Delivery, Event
from socialnet.outbox.relay import Relay
from socialnet.outbox.watch import Steps, Watch, measured

pytestmark = pytest.mark.django_db
LONG_AGO = "2020-01-01T00:00Z"


# --- steps -------------------------------------------------------------------------------------------------


def levels(steps: Steps, *readings: tuple[float, float]) -> list[int]:
    return [steps.take(worst, now=now) for now, worst in readings]


def test_one_reading_past_a_limit_is_none():
    assert levels(Steps(), (0, 9), (2, 0.5), (4, 9), (6, 0.9)) == [0, 0, 0, 0]


def test_it_rises_step_by_step_while_it_does_not_help():
    readings = [(float(second), 1.0) for second in range(0, 40, 2)]
    found = levels(Steps(), *readings)
    assert found[:2] == [0, 1]
    assert [found.index(level) * 2 for level in (1, 2, 3)] == [2, 12, 22]
    assert found[-1] == 3


def test_it_falls_step_by_step_after_a_while_well_below():
    steps = Steps(level=3, changed_at=0)
    found = levels(steps, *((float(second), 0.5) for second in range(10, 110, 2)))
    assert [10 + found.index(level) * 2 for level in (2, 1, 0)] == [40, 70, 100]


def test_between_well_below_and_the_limit_it_stays():
    assert set(levels(Steps(level=2, changed_at=0), *((float(second), 0.9) for second in range(300)))) == {2}


def test_a_moment_near_the_limit_begins_the_wait_anew():
    steps = Steps(level=1, changed_at=0)
    calm = [(float(second), 0.5) for second in range(28)]
    assert levels(steps, *calm, (28, 0.85), (30, 0.5), (59, 0.5)) == [1] * 31
    assert levels(steps, (60, 0.5)) == [0]


# --- what is measured --------------------------------------------------------------------------------------


def owed(handler: str, *, due: str = LONG_AGO) -> Delivery:
    """A delivery to `handler`, due since long."""
    event = Event.objects.create(name="feeds.post_published", payload={"post_id": 1, "author_id": 1})
    return Delivery.objects.create(event=event, handler=handler, key="0-1", leased_until=due)


def test_deliveries_that_wait_for_a_worker(settings):
    settings.OVERLOAD_DELIVERY_SECONDS = 100
    assert measured()["deliveries"] == 0
    owed("feeds.deliver_chunk")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_delivery SET leased_until = clock_timestamp() - interval '50 seconds'")
    assert measured()["deliveries"] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("handler", ["feeds.deliver_large_chunk", "feeds.deliver_era_chunk"])
def test_what_is_paused_is_not_counted(handler):
    owed(handler)
    assert measured()["deliveries"] == 0


def test_what_pauses_or_is_at_work_does_not_wait():
    owed("feeds.deliver_chunk", due="2100-01-01T00:00Z")
    assert measured()["deliveries"] == 0


def test_connections_of_everybody_are_counted(settings):
    settings.OVERLOAD_CONNECTIONS = 1
    assert 0 < measured()["connections"] < 1


def test_response_times_are_measured(settings, monkeypatch):
    settings.OVERLOAD_P95_MS = 1000
    monkeypatch.setattr(response_times, "p95", lambda: 1500.0)
    assert measured()["p95"] == 1.5


def test_what_has_no_limit_is_not_looked_at(settings):
    settings.OVERLOAD_P95_MS = settings.OVERLOAD_CONNECTIONS = settings.OVERLOAD_DELIVERY_SECONDS = 0
    assert measured() == {}
    assert Watch().look() == State()


# --- what is said ------------------------------------------------------------------------------------------


@pytest.fixture
def load(monkeypatch):
    """What the next readings are."""
    readings = {"deliveries": 0.0}
    monkeypatch.setattr(watch, "measured", lambda: readings)
    monkeypatch.setattr(watch, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(watch, "DOWN_AFTER", 0.0)
    return readings


def looked(watching: Watch, times: int = 1) -> State | None:
    state = None
    for _ in range(times):
        state = watching.look()
    overload.forget_here()
    return state


def test_it_is_said_why_and_since_when(load):
    watching = Watch()
    load["deliveries"] = 2.0
    state = looked(watching, 2)
    assert (state.level, state.why) == (1, ("deliveries",))
    assert abs(state.since - time.time()) < 5
    assert overload.state() == state
    assert looked(watching).since >= state.since


def test_bulk_is_said_to_wait_until_what_was_put_off_is_delivered(load):
    """Also after the pause, but not for what came later."""
    watching = Watch()
    load["deliveries"] = 2.0
    assert looked(watching, 2).bulk_waits is False
    put_off = owed("feeds.deliver_large_chunk")
    assert looked(watching).bulk_waits is True
    load["deliveries"] = 0.0
    state = looked(watching, 4)
    assert (state.level, state.bulk_waits) == (0, True) and state.until
    time.sleep(0.002)  # ids tell milliseconds
    owed("feeds.deliver_large_chunk")
    assert looked(watching).bulk_waits is True
    Delivery.objects.filter(pk=put_off.pk).update(state=Delivery.State.DONE)
    assert looked(watching) == State(level=0, since=state.since)


def test_one_relay_decides_and_another_goes_on_where_it_stopped(load):
    first, second = Watch(), Watch()
    load["deliveries"] = 2.0
    assert looked(first, 3).level == 2
    assert looked(second) is None
    with redis.door() as client:
        assert 0 < client.ttl("overload:watcher") <= 6
        client.delete("overload:watcher")  # the first is dead
    assert looked(second, 2).level == 3
    assert looked(first) is None


def test_the_relay_hands_over_no_bulk_fanout_meanwhile():
    relay = Relay(threading.Event())
    assert "fanout_bulk" in relay.queues_with_room()
    overload.publish(State(level=1))
    overload.forget_here()
    queues = relay.queues_with_room()
    assert "fanout_bulk" not in queues and {"fanout", "notify", "default"} <= set(queues)
    overload.publish(State())
    overload.forget_here()
    assert "fanout_bulk" in relay.queues_with_room()


def test_a_thread_watches_until_told_to_stop(load):
    stop = threading.Event()
    thread = watch.keep_watch(stop)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_the_watch_survives_neighbours_that_are_away(monkeypatch):
    looks = []

    def look(_self):
        looks.append(1)
        redis.breaker._breaker.open()
        with redis.door():
            pass

    monkeypatch.setattr(Watch, "look", look)
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.01)
    stop = threading.Event()
    thread = watch.keep_watch(stop)
    while len(looks) < 3 and thread.is_alive():
        time.sleep(0.01)
    stop.set()
    thread.join(5)
    redis.breaker.close()
    assert len(looks) >= 3
