"""Breakers: when they open, who probes, what counts as a failure, and what they tell."""

import pytest

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
    import time

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
    import threading

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
