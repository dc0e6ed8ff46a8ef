"""Breakers: when they open, who probes, what counts as a failure, and what they tell."""

import threading
import time
from contextlib import suppress

import pytest
from prometheus_client import REGISTRY

from socialnet.kernel import breaker
from socialnet.kernel.breaker import Breaker, Refused


class NeighbourTimeout(Exception):
    pass


@pytest.fixture
def fragile():
    made = Breaker(
        "test fragile", failures=3, pause=0.05, counts=lambda error: isinstance(error, NeighbourTimeout)
    )
    yield made
    del breaker._breakers["test fragile"]


def call(through: Breaker, error: Exception | None = None) -> None:
    with through.calling():
        if error:
            raise error


def fail(through: Breaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises((NeighbourTimeout, Refused)):
            call(through, NeighbourTimeout())


def test_it_opens_after_failures_in_a_row_and_refuses(fragile):
    fail(fragile, 2)
    assert not fragile.is_open
    fail(fragile, 1)
    assert fragile.is_open
    ran = []
    with pytest.raises(Refused), fragile.calling():
        ran.append(1)
    assert ran == []


def test_a_success_between_failures_begins_the_count_anew(fragile):
    for _ in range(4):
        fail(fragile, 2)
        call(fragile)
    assert not fragile.is_open


def test_other_errors_prove_that_the_neighbour_answers(fragile):
    fail(fragile, 2)
    with pytest.raises(KeyError):
        call(fragile, KeyError())
    fail(fragile, 2)
    assert not fragile.is_open


def test_after_the_pause_a_probe_closes_it_or_opens_it_again(fragile):
    fail(fragile, 3)
    time.sleep(0.06)
    fail(fragile, 1)
    assert fragile.is_open
    time.sleep(0.06)
    call(fragile)
    assert not fragile.is_open


def test_it_tells_what_passed(fragile):
    call(fragile)
    fail(fragile, 3)
    with pytest.raises(Refused):
        call(fragile)
    told = breaker.snapshot()["test fragile"]
    assert told["state"] == "open"
    assert (told["fires"], told["successes"], told["timeouts"], told["rejects"]) == (4, 1, 3, 1)
    assert told["failure_rate"] == 0.75


def test_calls_of_several_threads_run_side_by_side(fragile):
    """The breaker counts under a lock; it must not hold it while the call runs."""
    meeting = threading.Barrier(4, timeout=2)

    def visit():
        with fragile.calling():
            meeting.wait()

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not meeting.broken


# --- by rate -----------------------------------------------------------------------------------------------


@pytest.fixture
def rated():
    """Opens after three failures within a while, if these are half of at least five calls."""
    made = Breaker(
        "test rated",
        failures=3,
        pause=0.05,
        counts=lambda error: isinstance(error, NeighbourTimeout),
        window=0.6,
        volume=5,
        share=0.5,
    )
    yield made
    del breaker._breakers["test rated"]


def test_failures_within_the_window_open_it_whatever_succeeds_between(rated):
    for _ in range(2):
        fail(rated, 1)
        call(rated)
    assert not rated.is_open
    fail(rated, 1)
    assert rated.is_open


def test_few_calls_never_open_it(rated):
    fail(rated, 4)
    assert not rated.is_open
    fail(rated, 1)
    assert rated.is_open


def test_failures_among_many_calls_do_not_open_it(rated):
    for _ in range(8):
        call(rated)
    fail(rated, 7)
    assert not rated.is_open
    fail(rated, 1)
    assert rated.is_open


def test_old_failures_are_forgotten(rated):
    fail(rated, 4)
    time.sleep(0.65)
    fail(rated, 4)
    assert not rated.is_open


def test_once_closed_the_count_begins_anew(rated):
    fail(rated, 5)
    time.sleep(0.06)
    call(rated)
    assert not rated.is_open
    fail(rated, 4)
    assert not rated.is_open


def test_failures_of_many_threads_are_all_counted():
    made = Breaker("test busy", failures=401, pause=1, counts=lambda _error: True, window=60, volume=1)
    try:
        threads = [threading.Thread(target=fail_all, args=(made, 100)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not made.is_open
        fail_all(made, 1)
        assert made.is_open
    finally:
        del breaker._breakers["test busy"]


def fail_all(through: Breaker, times: int) -> None:
    for _ in range(times):
        with suppress(NeighbourTimeout):
            call(through, NeighbourTimeout())


# --- slow calls, probes, metrics ---------------------------------------------------------------------------


def test_what_takes_longer_than_its_budget_is_a_timeout_and_its_answer_is_used():
    made = Breaker("test slow", failures=2, pause=60, counts=lambda _error: False, budget=0.01)
    try:
        answers = []
        for _ in range(2):
            with made.calling():
                time.sleep(0.02)
                answers.append("late")
        assert answers == ["late", "late"] and made.is_open
        assert made.snapshot()["timeouts"] == 2
    finally:
        del breaker._breakers["test slow"]


def test_one_thread_probes_and_the_others_are_refused_meanwhile(fragile):
    fail(fragile, 3)
    time.sleep(0.06)
    probing, done = threading.Event(), threading.Event()

    def probe():
        with fragile.calling():
            probing.set()
            done.wait(2)

    thread = threading.Thread(target=probe)
    thread.start()
    assert probing.wait(2)
    assert breaker.snapshot()["test fragile"]["state"] == "half-open"
    with pytest.raises(Refused):
        call(fragile)
    done.set()
    thread.join()
    call(fragile)
    assert fragile.state == "closed"


def test_a_probe_may_call_through_the_same_breaker(fragile):
    fail(fragile, 3)
    time.sleep(0.06)
    with fragile.calling():
        call(fragile)
    assert not fragile.is_open


def test_the_metric_says_how_it_stands(fragile):
    def shown() -> float | None:
        return REGISTRY.get_sample_value("socialnet_breaker_state", {"breaker": "test fragile"})

    call(fragile)
    assert shown() == 0
    fail(fragile, 3)
    assert shown() == 2
    time.sleep(0.06)
    with fragile.calling():
        pass
    assert shown() == 0
