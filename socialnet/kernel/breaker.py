"""Circuit breakers: one per neighbour and process; what fails often is not asked for a while."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pybreaker
from prometheus_client import Counter as Metric

_calls = Metric("socialnet_breaker_calls", "Calls through a breaker by outcome", ["breaker", "outcome"])
_breakers: dict[str, "Breaker"] = {}


class Refused(Exception):
    """The breaker is open: the call was not made."""


@dataclass
class _Tally(pybreaker.CircuitBreakerListener):
    """Counts what passes, for `/health/circuit-breakers` and the metrics of this process."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, outcome: str) -> None:
        self.counts[outcome] += 1
        _calls.labels(self.name, outcome).inc()

    def success(self, cb: pybreaker.CircuitBreaker) -> None:
        self.count("successes")

    def failure(self, cb: pybreaker.CircuitBreaker, exc: BaseException) -> None:
        self.count("timeouts" if "timeout" in type(exc).__name__.lower() else "failures")

    def state_change(self, cb: pybreaker.CircuitBreaker, old_state: Any, new_state: Any) -> None:
        self.count(
            "opened" if new_state.name == "open" else "closed" if new_state.name == "closed" else "probes"
        )


class Breaker:
    """Opens after `failures` in a row, lets one call probe after `pause` seconds, closes when it succeeds.

    Only exceptions for which `counts` is true are failures; anything else proves that the neighbour answers.
    """

    def __init__(
        self, name: str, *, failures: int, pause: float, counts: Callable[[BaseException], bool]
    ) -> None:
        self.name = name
        self._tally = _Tally(name)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures,
            reset_timeout=pause,
            throw_new_error_on_trip=False,  # the call that opens it was made: its own error says why it failed
            exclude=[lambda error: not counts(error)],
            listeners=[self._tally],
            name=name,
        )
        _breakers[name] = self

    @property
    def is_open(self) -> bool:
        return str(self._breaker.current_state) == "open"

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Run the block through the breaker; raises `Refused` while it is open."""
        try:
            with self._breaker.calling():
                yield
        except pybreaker.CircuitBreakerError as error:
            self._tally.count("rejects")
            raise Refused(self.name) from error

    def close(self) -> None:
        """Forget the failures (tests, and an operator who knows better)."""
        self._breaker.close()

    def snapshot(self) -> dict[str, Any]:
        counts = self._tally.counts
        fired = counts["successes"] + counts["failures"] + counts["timeouts"]
        failed = counts["failures"] + counts["timeouts"]
        return {
            "state": str(self._breaker.current_state),
            "fires": fired,
            "successes": counts["successes"],
            "failures": counts["failures"],
            "timeouts": counts["timeouts"],
            "rejects": counts["rejects"],
            "failure_rate": round(failed / fired, 4) if fired else 0.0,
        }


def snapshot() -> dict[str, dict[str, Any]]:
    """The state and tallies of every breaker of this process, by name."""
    return {name: breaker.snapshot() for name, breaker in sorted(_breakers.items())}
