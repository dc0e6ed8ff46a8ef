"""script/server in a folder of its own: from nothing, with the packages there, and a second time."""

import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

from bench.report import Report
from bench.stack import NOT_OURS
from socialnet.embedded.errors import StartError
from socialnet.embedded.home import CHECKOUT, Home
from socialnet.embedded.ports import choose_port
from socialnet.embedded.testing import test_home

PATIENCE = 300.0


def run(report: Report, _options: Namespace) -> None:
    with test_home(Home.from_environment().path / "bench") as folder:
        installed = {"SOCIALNET_VENV": str(Path(sys.prefix))}
        for what, home, extra in (
            ("from nothing, packages installed too", folder / "cold", {}),
            ("first start, packages there", folder / "fresh", installed),
            ("second start", folder / "fresh", installed),
        ):
            home.mkdir(exist_ok=True)
            ready, stopped = _start_and_stop(home, extra)
            report.add("script/server", what=what, **{"ready s": ready, "stopped s": stopped})


def _start_and_stop(home: Path, extra: dict[str, str]) -> tuple[float, float]:
    """Seconds until `ready:`, and seconds from Ctrl-C to the end."""
    told = {name: value for name, value in os.environ.items() if name not in {*NOT_OURS, "SECRET_KEY"}}
    told |= {"SOCIALNET_HOME": str(home), "PORT": str(choose_port(None)), **extra}
    started = time.monotonic()
    server = subprocess.Popen(
        [CHECKOUT / "script/server"],
        env=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said = _until_ready(server)
        ready = time.monotonic() - started
        if not ready_said(said):
            raise StartError(f"script/server ended: {said[-1] if said else 'without a word'}")
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=PATIENCE)
        return ready, time.monotonic() - started - ready
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(60)


def _until_ready(server: "subprocess.Popen[str]") -> list[str]:
    said: list[str] = []
    assert server.stdout is not None
    for line in server.stdout:
        said.append(line.strip())
        if ready_said(said):
            break
    return said


def ready_said(said: list[str]) -> bool:
    return bool(said) and "ready: http" in said[-1]
