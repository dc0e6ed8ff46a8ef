"""PostgreSQL and Redis as a pair: for the supervisor, and as throw-away engines for tests."""

import os
import pwd
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from . import postgres, valkey
from .binaries import engine_account
from .errors import StartError
from .home import Home, socket_folder, socket_path, state_folder
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
        found = {}
        if self.database:
            found |= {"DATABASE_URL": postgres.url(run), "DATABASE_OWNER_URL": postgres.owner_url(run)}
        if self.redis:
            found |= {"REDIS_URL": valkey.url(run)}
        return found


class RunningEngine:
    """A throw-away engine of a test run. Use as a context manager or call `stop`."""

    def __init__(self, program: Program, *, url: str, owner_url: str = "", log: Path) -> None:
        self.url = url
        self.owner_url = owner_url
        self._program = program
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **program.popen_options(),
            )
        self._wait_until_ready(log)

    @property
    def pid(self) -> int:
        return self._process.pid

    def _wait_until_ready(self, log: Path) -> None:
        deadline = time.monotonic() + BOOT_PATIENCE
        while not self._program.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                lines = log.read_text(errors="replace").split("\n")
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_valkey(folder: Path) -> RunningEngine:
    """A Redis of its own in `folder`, for one test worker; nothing is saved."""
    account, state, run = _throw_away(folder)
    program = valkey.program(state=state, run=run, account=account, keep=False)
    return RunningEngine(program, url=valkey.url(run), log=folder / "valkey.log")


def start_postgres(folder: Path) -> RunningEngine:
    """A PostgreSQL in `folder` that trades durability for speed. `url` is the application's role."""
    account, state, run = _throw_away(folder)
    postgres.prepare(state=state, account=account, durable=False)
    program = postgres.program(state=state, run=run, account=account, durable=False)
    return RunningEngine(
        program, url=postgres.url(run), owner_url=postgres.owner_url(run), log=folder / "postgres.log"
    )


def _throw_away(folder: Path) -> tuple[pwd.struct_passwd | None, Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    home = Home(folder.resolve())
    account = engine_account(home.engines)
    state = state_folder(home, account)
    return account, state, socket_folder(state, account)
