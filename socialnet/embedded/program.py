"""How any process is started: a session of its own, and it dies when its parent dies."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run and how to end it.

    `before` is done before every start; `patience` is how many seconds it gets to stop before it is killed, also when
    the supervisor is dead, and `hurries` says whether a second Ctrl-C may cut that short; lines that match `chatter`
    are left out of the log.
    """

    name: str
    argv: list[str]
    cwd: Path = Path("/")
    environment: Mapping[str, str] | None = None
    account: pwd.struct_passwd | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10
    hurries: bool = True
    before: Callable[[], None] = lambda: None
    chatter: str = ""
    is_ready: Callable[[], bool] = lambda: True

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess.Popen` and `asyncio.create_subprocess_exec` alike."""
        return {
            "cwd": self.cwd,
            "env": None if self.environment is None else dict(self.environment),
            "start_new_session": True,
            "preexec_fn": _dies_with_parent(self.stop_signal),
            **run_as(self.account),
        }


def run_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Options of `subprocess` that give up root for `account`."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _dies_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Linux sends `stop_signal` to the child when the supervisor is gone, even after its kill -9.

    subprocess calls this after it changed the user, which matters: changing it forgets the request.
    Elsewhere its guardian does, and everywhere it kills what does not listen (guardian.py).
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork
    parent = os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return ask_the_kernel
