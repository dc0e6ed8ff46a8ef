"""The embedded PostgreSQL: made once, with three roles.

`postgres` is the superuser of the first minute and of emergencies; `socialnet` owns the database and migrates;
`socialnet_app` is what the application is: it owns nothing and may change no table's shape.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

from .binaries import runnable_postgres
from .errors import StartError
from .home import account_name, own
from .leftovers import birth_of, command_of
from .log import last_words
from .program import Program, run_as

MAJOR = "18"
DATABASE, OWNER, APPLICATION = "socialnet", "socialnet", "socialnet_app"

FIRST_STATEMENTS = f"""\
CREATE ROLE {OWNER} LOGIN CREATEDB;
CREATE ROLE {APPLICATION} LOGIN;
ALTER ROLE {APPLICATION} SET statement_timeout = '10s';
CREATE DATABASE {DATABASE} OWNER {OWNER};
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO {OWNER};
"""  # one statement a line, as single-user mode wants it

LAPTOP = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "max_connections": "100",
    "synchronous_commit": "on",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "log_min_messages": "log",  # an error goes to whoever asked; its text may hold what people wrote
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
THROW_AWAY = LAPTOP | {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # statistics that come at any moment change plans, and tests look at plans
}
ORPHANS_PATIENCE = 5.0  # seconds

CHATTER = (
    r"^LOG:  (starting PostgreSQL|listening on|database system (was shut down|is ready|is shut down)|shutting down"
    r"|received fast shutdown|aborting any active|background worker .logical replication launcher)"
)


def url(run: Path) -> str:
    return f"postgres://{APPLICATION}@/{DATABASE}?host={run}"


def owner_url(run: Path) -> str:
    return f"postgres://{OWNER}@/{DATABASE}?host={run}"


def prepare(*, state: Path, account: pwd.struct_passwd | None, durable: bool = True) -> None:
    """Make the data folder if there is none; refuse one that this PostgreSQL cannot use; say who may connect."""
    data = state / f"pg{MAJOR}"
    if data.exists():
        _check(data, account)
    else:
        _make(data, runnable_postgres(state, account), account, durable=durable)
    _write_access_rules(data, account)


def program(*, state: Path, run: Path, account: pwd.struct_passwd | None, durable: bool = True) -> Program:
    data = state / f"pg{MAJOR}"
    argv = [f"{runnable_postgres(state, account)}/bin/postgres", "-D", str(data), "-h", "", "-k", str(run)]
    for name, value in ({"unix_socket_permissions": "0700"} | (LAPTOP if durable else THROW_AWAY)).items():
        argv += ["-c", f"{name}={value}"]
    return Program(
        name="postgres",
        argv=argv,
        account=account,
        stop_signal=signal.SIGINT,  # "fast": ends sessions, then writes everything down
        patience=60,
        hurries=False,
        before=partial(_clear_the_way, data, run),
        chatter=CHATTER,
        is_ready=lambda: _says_ready(data / "postmaster.pid"),
    )


def _says_ready(pid_file: Path) -> bool:
    """PostgreSQL writes its state into the eighth line, as pg_ctl reads it; one that was killed may have left it."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready" and birth_of(int(lines[0])) is not None


def _check(data: Path, account: pwd.struct_passwd | None) -> None:
    try:
        version = (data / "PG_VERSION").read_text().strip()
    except OSError:
        version = ""
    if version != MAJOR:
        written_by = f"PostgreSQL {version}" if version else "something else"
        raise StartError(
            f"{data} was written by {written_by}, and this is PostgreSQL {MAJOR}: move it away to begin anew, "
            "or dump it with the old version and restore it here."
        )
    needed = account.pw_uid if account else os.geteuid()
    if data.stat().st_uid != needed:
        raise StartError(
            f"{data} belongs to {account_name(data.stat().st_uid)} instead of {account_name(needed)}: "
            f"give it back with `chown -R {account_name(needed)} {data}`."
        )
    data.chmod(0o700)  # PostgreSQL insists, and unpacking a backup may have changed it


def _clear_the_way(data: Path, run: Path) -> None:
    """See to it that one that was killed does not keep the next from starting."""
    for pid_file in (data / "postmaster.pid", run / ".s.PGSQL.5432.lock"):
        _forget_stranger(pid_file)
    deadline = time.monotonic() + ORPHANS_PATIENCE
    while _has_orphans(data) and time.monotonic() < deadline:
        time.sleep(0.05)


def _has_orphans(data: Path) -> bool:
    """Its helpers need a moment to notice that it is gone. All of them work inside the data folder."""
    for folder in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if folder.readlink() == data:
                return True
    return False


def _forget_stranger(pid_file: Path) -> None:
    """Remove the pid file of a PostgreSQL that was killed when its pid belongs to something else by now.

    PostgreSQL would take that process for itself and refuse to start; in containers, where pids repeat, it happens.
    """
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        pid = int(pid_file.read_text().splitlines()[0])
        if "postgres" not in command_of(pid):
            pid_file.unlink()


def _make(data: Path, installed: Path, account: pwd.struct_passwd | None, *, durable: bool) -> None:
    """initdb, then roles and database by single-user mode. The folder gets its name only when all is done."""
    unfinished = data.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    own(unfinished, account)
    initdb = [f"{installed}/bin/initdb", "-D", str(unfinished), "-U", "postgres", "--auth=peer", "-E", "UTF8"]
    initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--no-instructions"]
    _run(initdb if durable else [*initdb, "--no-sync"], account)
    single_user = [f"{installed}/bin/postgres", "--single", "-D", str(unfinished), "postgres"]
    _run(single_user, account, typed=FIRST_STATEMENTS)
    unfinished.rename(data)


def _run(argv: list[str], account: pwd.struct_passwd | None, *, typed: str = "") -> None:
    ran = subprocess.run(
        argv,
        input=typed,
        text=True,
        errors="replace",
        capture_output=True,
        cwd="/",
        check=False,
        **run_as(account),
    )
    if ran.returncode != 0 or "ERROR" in ran.stderr or "FATAL" in ran.stderr:
        reason = last_words([*ran.stdout.split("\n"), *ran.stderr.split("\n")])
        if "No space left" in reason:
            raise StartError(
                "The disk is full: make room, or set SOCIALNET_HOME to a folder on another disk."
            )
        raise StartError(f"PostgreSQL cannot make its data folder: {reason}")


def _write_access_rules(data: Path, account: pwd.struct_passwd | None) -> None:
    """Whoever starts the server may be any role; nobody else may be any."""
    caller = account_name(os.geteuid())
    for name, line in {
        "pg_hba.conf": "local all all peer map=starter",
        "pg_ident.conf": f'starter "{caller}" all',
    }.items():
        path = data / name
        path.write_text(f"# written at every start by socialnet/embedded/postgres.py\n{line}\n")
        path.chmod(0o600)
        own(path, account)
