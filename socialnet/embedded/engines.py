"""PostgreSQL and Redis as a pair: for the supervisor, and as throw-away engines for tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from . import postgres, valkey
from .binaries import engine_account
from .errors import StartError
from .home import Home, remove_socket_folder, socket_folder, socket_path, state_folder
from .log import last_words
from .program import Program

BOOT_PATIENCE = 60.0  # seconds; recovery after a crash may take a while


@dataclass(frozen=True)
class Engines:
    """The engines that a home must run itself, and what the application is told about them."""

    database: bool
    redis: bool

    @classmethod
    def missing_from_environment(cls) -> "Engines":
        """Those whose address nobody gave."""
        return cls(database=not os.environ.get("DATABASE_URL"), redis=not os.environ.get("REDIS_URL"))

    def __bool__(self) -> bool:
        return self.database or self.redis

    def prepare(self, home: Home) -> list[Program]:
        """Make what is missing on disk and return what to run. Takes seconds on the first start."""
        account = engine_account(home.engines)
        state = state_folder(home, account)
        run = socket_folder(state, account)
        programs = []
        if self.database:
            postgres.prepare(state=state, account=account)
            programs.append(postgres.program(state=state, run=run, account=account))
        if self.redis:
            programs.append(valkey.program(state=state, run=run, account=account))
        return programs

    def addresses(self, home: Home) -> dict[str, str]:
        """The settings that lead to them."""
        if not self:
            return {}
        if not home.engines.exists():
            raise StartError(f"There are no engines in {home.path} yet: start them first with script/server.")
        run = socket_path(home.engines.resolve())
        found: dict[str, str] = {}
        if self.database:
            found |= {"DATABASE_URL": postgres.url(run), "DATABASE_OWNER_URL": postgres.owner_url(run)}
        if self.redis:
            found |= {"REDIS_URL": valkey.url(run)}
        return found


class RunningEngine:
    """A throw-away engine of a test run: as a context manager it leaves nothing behind.

    `stop` and `start` keep its data and its address, so that a test can take it away and bring it back.
    """

    def __init__(self, program: Program, *, url: str, owner_url: str = "", state: Path) -> None:
        self.url = url
        self.owner_url = owner_url
        self._program = program
        self._state = state
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by discard
        self.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Return when it answers; raise StartError with its last words if it ends instead."""
        self._program.before()
        self._process = subprocess.Popen(
            self._program.argv,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            **self._program.popen_options(),
        )
        deadline = time.monotonic() + BOOT_PATIENCE
        while not self._program.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                self._log.seek(0)
                lines = self._log.read().decode(errors="replace").split("\n")
                raise StartError(f"{self._program.name} does not start: {last_words(lines)}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Shut it down in an orderly way, and wait for it."""
        if self._process.poll() is None:
            self._process.send_signal(self._program.stop_signal)
        try:
            self._process.wait(self._program.patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def discard(self) -> None:
        """Remove its data; it must be down."""
        self._log.close()
        remove_socket_folder(self._state)
        shutil.rmtree(self._state, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.discard()


def start_valkey(folder: Path) -> RunningEngine:
    """A Redis of its own in `folder`, for one test worker; nothing is saved."""
    account, state, run = _throw_away(folder)
    program = valkey.program(state=state, run=run, account=account)
    return RunningEngine(program, url=valkey.url(run), state=state)


def start_postgres(folder: Path, *, durable: bool = False) -> RunningEngine:
    """A PostgreSQL in `folder` that trades durability for speed, unless told. `url` is the application's role."""
    account, state, run = _throw_away(folder)
    postgres.prepare(state=state, account=account, durable=durable)
    program = postgres.program(state=state, run=run, account=account, durable=durable)
    return RunningEngine(program, url=postgres.url(run), owner_url=postgres.owner_url(run), state=state)


def _throw_away(folder: Path) -> tuple[pwd.struct_passwd | None, Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    home = Home(folder.resolve())
    if home.engines.is_symlink() and not home.engines.exists():
        home.engines.unlink()  # of one that was discarded
    account = engine_account(home.engines)
    state = state_folder(home, account, elsewhere=Path(tempfile.gettempdir()))
    return account, state, socket_folder(state, account)
