"""Circuit breakers: one per neighbour and process; what fails often is not asked for a while."""

import math
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pybreaker
from prometheus_client import Counter as Metric
from prometheus_client import Gauge

CLOSED, HALF_OPEN, OPEN = pybreaker.STATE_CLOSED, pybreaker.STATE_HALF_OPEN, pybreaker.STATE_OPEN
_LEVELS = {CLOSED: 0, HALF_OPEN: 1, OPEN: 2}
_PIECES = 30  # that a window is counted in
_SHOWN_EVERY = 1.0  # seconds

_calls = Metric("socialnet_breaker_calls", "Calls through a breaker by outcome", ["breaker", "outcome"])
# Written with every call, while closed once a second: of a process that died while its breaker was open, nothing stays.
_states = Gauge(
    "socialnet_breaker_state",
    "0 closed, 1 half-open, 2 open; of the process that called last",
    ["breaker"],
    multiprocess_mode="mostrecent",
)
_breakers: dict[str, "Breaker | Breakers"] = {}


class Refused(Exception):
    """The breaker is open: the call was not made."""


class _SlowTimeout(Exception):
    """The call was answered, but later than its budget; never seen outside."""


class _Window(pybreaker.CircuitMemoryStorage):
    """Counts the failures of the last `seconds` in place of those in a row, and none among fewer than `volume` calls
    or when they are less than `share` of these."""

    def __init__(self, seconds: float, *, volume: int, share: float) -> None:
        super().__init__(CLOSED)
        self._piece = seconds / _PIECES
        self._volume = volume
        self._share = share
        self._pieces: deque[list[int]] = deque()  # each of a moment: which, calls, failures
        self._lock = threading.Lock()

    def increment_counter(self) -> None:
        self._note(failures=1)

    def reset_counter(self) -> None:
        """What pybreaker does at a success: here one more call that did not fail."""
        self._note(failures=0)

    @property
    def counter(self) -> int:
        with self._lock:
            self._forget_old()
            calls = sum(piece[1] for piece in self._pieces)
            failures = sum(piece[2] for piece in self._pieces)
        return failures if calls >= self._volume and failures >= self._share * calls else 0

    def clear(self) -> None:
        with self._lock:
            self._pieces.clear()

    def _note(self, *, failures: int) -> None:
        with self._lock:
            now = self._forget_old()
            if not self._pieces or self._pieces[-1][0] != now:
                self._pieces.append([now, 0, 0])
            self._pieces[-1][1] += 1
            self._pieces[-1][2] += failures

    def _forget_old(self) -> int:
        now = int(time.monotonic() / self._piece)
        while self._pieces and self._pieces[0][0] <= now - _PIECES:
            self._pieces.popleft()
        return now


@dataclass
class _Tally(pybreaker.CircuitBreakerListener):
    """Counts what passes, for `/health/circuit-breakers` and the metrics of this process."""

    name: str
    window: _Window | None = None
    counts: Counter[str] = field(default_factory=Counter)
    _closed_at: float = -math.inf

    def __post_init__(self) -> None:
        self.gauge = _states.labels(self.name)
        self._successes = _calls.labels(self.name, "successes")

    def count(self, outcome: str) -> None:
        self.counts[outcome] += 1
        _calls.labels(self.name, outcome).inc()

    def count_success(self) -> None:
        self.counts["successes"] += 1
        self._successes.inc()

    def show(self, state: str) -> None:
        now = time.monotonic()
        if state == CLOSED and now - self._closed_at < _SHOWN_EVERY:
            return
        self._closed_at = now if state == CLOSED else -math.inf
        self.gauge.set(_LEVELS[state])

    def success(self, cb: pybreaker.CircuitBreaker) -> None:
        self.count_success()

    def failure(self, cb: pybreaker.CircuitBreaker, exc: BaseException) -> None:
        self.count("timeouts" if "timeout" in type(exc).__name__.lower() else "failures")

    def state_change(self, cb: pybreaker.CircuitBreaker, old_state: Any, new_state: Any) -> None:
        self.count({OPEN: "opened", CLOSED: "closed", HALF_OPEN: "probes"}[new_state.name])
        if self.window is not None and new_state.name == CLOSED:
            self.window.clear()  # the failures before are those of another day

    def snapshot(self, state: str) -> dict[str, Any]:
        counts = self.counts
        fired = counts["successes"] + counts["failures"] + counts["timeouts"]
        failed = counts["failures"] + counts["timeouts"]
        return {
            "state": state,
            "fires": fired,
            "successes": counts["successes"],
            "failures": counts["failures"],
            "timeouts": counts["timeouts"],
            "rejects": counts["rejects"],
            "failure_rate": round(failed / fired, 4) if fired else 0.0,
        }


class _SharedTally(_Tally):
    """Of several breakers that are shown as one, whose `state` that is."""

    def __init__(self, name: str, *, state: Callable[[], str]) -> None:
        super().__init__(name)
        self._state = state

    def show(self, state: str) -> None:
        super().show(self._state())


class Breaker:
    """Opens after `failures` in a row, lets one call probe after `pause` seconds, closes when it succeeds.

    With `window` it opens after `failures` within so many seconds, whatever succeeded between them: when at least
    `volume` calls were made, and at least `share` of them failed. A call that takes longer than `budget` seconds is a
    timeout, though its answer is used. Only exceptions for which `counts` is true are failures; anything else proves
    that the neighbour answers. One with a `tally` is counted there, and shown by whoever has it.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int,
        pause: float,
        counts: Callable[[BaseException], bool],
        window: float | None = None,
        volume: int = 10,
        share: float = 0.0,
        budget: float | None = None,
        tally: _Tally | None = None,
    ) -> None:
        self.name = name
        self.pause = pause
        self.budget = budget
        self._window = None if window is None else _Window(window, volume=volume, share=share)
        self._storage = self._window or pybreaker.CircuitMemoryStorage(CLOSED)
        self._tally = tally or _Tally(name, self._window)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures,
            reset_timeout=pause,
            throw_new_error_on_trip=False,  # the call that opens it was made: its own error says why it failed
            exclude=[lambda error: not (isinstance(error, _SlowTimeout) or counts(error))],
            listeners=[self._tally],
            state_storage=self._storage,
            name=name,
        )
        self._probe = threading.RLock()  # a probe may call through the same breaker
        if tally is None:
            _breakers[name] = self

    @property
    def state(self) -> str:
        """closed, open or half-open."""
        return str(self._breaker.current_state)

    @property
    def is_open(self) -> bool:
        return self.state == OPEN

    @property
    def rests(self) -> bool:
        """Open, and the pause is not over: a call would be refused. Unlike `is_open` this ends without one."""
        opened = self._storage.opened_at
        return (
            self.is_open and opened is not None and datetime.now(UTC) < opened + timedelta(seconds=self.pause)
        )

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Run the block through the breaker; raises `Refused` while it is open, and while another thread probes."""
        with self._closed() if self._storage.state == CLOSED else self._probing():
            yield

    @contextmanager
    def _closed(self) -> Iterator[None]:
        """The way of nearly all calls: pybreaker is only told of failures, and of successes that end a row of them."""
        started = time.monotonic()
        try:
            yield
        except BaseException as error:
            self._tell(error)
            raise
        else:
            if self.budget is not None and time.monotonic() - started > self.budget:
                self._tell(_SlowTimeout())
                return
            if self._window is not None or self._storage.counter:
                self._storage.reset_counter()
            self._tally.count_success()
        finally:
            self._tally.show(self._storage.state)

    def _tell(self, error: BaseException) -> None:
        """Let pybreaker judge how a call ended."""
        with suppress(type(error), pybreaker.CircuitBreakerError), self._breaker.calling():
            raise error

    @contextmanager
    def _probing(self) -> Iterator[None]:
        if not self._probe.acquire(blocking=False):
            self._tally.count("rejects")
            raise Refused(self.name)
        try:
            with suppress(_SlowTimeout), self._breaker.calling():
                started = time.monotonic()
                yield
                if self.budget is not None and time.monotonic() - started > self.budget:
                    raise _SlowTimeout
        except pybreaker.CircuitBreakerError as error:
            self._tally.count("rejects")
            raise Refused(self.name) from error
        finally:
            self._probe.release()
            self._tally.show(self.state)

    def close(self) -> None:
        """Forget the failures (tests, and an operator who knows better)."""
        self._breaker.close()

    def snapshot(self) -> dict[str, Any]:
        return self._tally.snapshot(self.state)


class Breakers:
    """A breaker for each of many neighbours whose names strangers choose: one that is away pauses nobody else.

    They are counted and shown as one of the name `name`. At most `most` are kept; the one that was asked for longest
    ago is forgotten, and begins closed when it is asked for again.
    """

    def __init__(
        self, name: str, *, most: int, failures: int, pause: float, counts: Callable[[BaseException], bool]
    ) -> None:
        self.name = name
        self.pause = pause
        self._most = most
        self._failures = failures
        self._counts = counts
        self._tally = _SharedTally(name, state=lambda: self.state)
        self._kept: OrderedDict[str, Breaker] = OrderedDict()
        self._lock = threading.Lock()
        _breakers[name] = self

    def of(self, neighbour: str) -> Breaker:
        with self._lock:
            if neighbour not in self._kept:
                self._kept[neighbour] = Breaker(
                    self.name,
                    failures=self._failures,
                    pause=self.pause,
                    counts=self._counts,
                    tally=self._tally,
                )
            self._kept.move_to_end(neighbour)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return self._kept[neighbour]

    @property
    def state(self) -> str:
        """open while all that are kept are, so that a few dead ones do not look like an outage; else closed."""
        kept = self._all()
        return OPEN if kept and all(one.is_open for one in kept) else CLOSED

    def close(self) -> None:
        """Forget them all."""
        with self._lock:
            self._kept.clear()

    def snapshot(self) -> dict[str, Any]:
        kept = self._all()
        return {
            **self._tally.snapshot(self.state),
            "kept": len(kept),
            "open": sum(one.is_open for one in kept),
        }

    def _all(self) -> list[Breaker]:
        with self._lock:
            return list(self._kept.values())


def snapshot() -> dict[str, dict[str, Any]]:
    """The state and tallies of every breaker of this process, by name."""
    return {name: breaker.snapshot() for name, breaker in sorted(_breakers.items())}
