"""A process beside the supervisor that waits for its end, and sees to it that nothing outlives it for long.

A supervisor that is killed stops nobody. On Linux the kernel then asks every process to stop (program.py), elsewhere
the guardian does; and what does not stop within its patience, because it hangs or never heard, the guardian kills.
It knows the supervisor's end by the end of its own input, and knows the processes from what was written there, not
from the pid files: those may be the next supervisor's by now.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict

from .home import CHECKOUT
from .leftovers import Trace, see_off


class Guardian:
    """The supervisor's side. A guardian that is killed is missed only if the supervisor is killed too."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a closed terminal or Ctrl-C is nothing to it
            text=True,
        )

    def watch(self, name: str, trace: Trace) -> None:
        """From now on it knows that `name` is this process."""
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps([name, asdict(trace)]), file=self._process.stdin, flush=True)

    def dismiss(self) -> None:
        """Return when it is gone; it ends what still runs."""
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


def guard(lines: Iterable[str]) -> None:
    """Remember who was started until the supervisor says no more; then end them."""
    running: dict[str, Trace] = {}
    for line in lines:
        with contextlib.suppress(ValueError):  # cut off by its end
            name, trace = json.loads(line)
            running[name] = Trace(**trace)
    see_off(running.values())


if __name__ == "__main__":
    guard(sys.stdin)
