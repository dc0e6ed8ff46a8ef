"""What script/test runs: pytest, on engines of its own that are gone afterwards."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from .engines import start_postgres, start_valkey
from .environment import secret_key
from .home import CHECKOUT, Home

WORKERS = ["-n", "2", "--dist", "loadgroup"]


def run_tests(home: Home, arguments: list[str]) -> int:
    """Run pytest with `arguments`, and return its exit code.

    `--full` is ours: it adds what is marked `full`, and the tests find SOCIALNET_FULL=1.
    """
    full = "--full" in arguments
    chosen = [argument for argument in arguments if argument != "--full"]
    pytest = [sys.executable, "-m", "pytest", *WORKERS, *([] if full else ["-m", "not full"]), *chosen]
    say_if_browser_is_missing()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    with (
        test_home(home.path / "test") as folder,
        start_postgres(folder / "postgres") as database,
        start_valkey(folder / "redis") as redis,
    ):
        told = {
            "SOCIALNET_HOME": str(folder),
            "SECRET_KEY": secret_key(folder / "secret_key"),
            "DATABASE_URL": database.url,
            "DATABASE_OWNER_URL": database.owner_url,
            "REDIS_URL": redis.url,
            "SOCIALNET_FULL": "1" if full else "",
        }
        return _run(pytest, os.environ | told)


@contextmanager
def test_home(parent: Path) -> Iterator[Path]:
    """A folder for one run, so that two runs at once do not meet; folders of killed runs are removed."""
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.glob("run-*"):
        with (old / "lock").open("a") as lock:
            if _locked(lock.fileno()):
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    folder.chmod(0o755)
    with (folder / "lock").open("a") as lock:
        _locked(lock.fileno())
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(pytest: list[str], environment: dict[str, str]) -> int:
    running = subprocess.Popen(pytest, cwd=CHECKOUT, env=environment)
    try:
        while True:
            try:
                return running.wait()
            except KeyboardInterrupt:  # pytest got it too, and sums up before it ends
                continue
    finally:
        if running.poll() is None:
            running.terminate()
            running.wait()


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def say_if_browser_is_missing() -> None:
    if not shutil.which("chromium") and not shutil.which("google-chrome"):
        print("Chromium is missing, so the tests in a browser cannot run: on Debian, `apt install chromium`.")
