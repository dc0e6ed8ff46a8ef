"""Where things lie.

    $SOCIALNET_HOME/            .local by default; belongs to whoever starts the server
      venv/  media/  mail/  secret_key  vapid_key  pids/  *.lock
      engines/                  the engines' state, 0700, belongs to the account they run under;
                                a link to /var/lib/socialnet-… where that account cannot reach it
        pg18/  redis/  run/     data and sockets

Who gets in: the engines listen on Unix sockets only. The socket folder and the sockets are 0700 and belong to
the engines' account, so only that account and root can open them; that is all that protects Redis. PostgreSQL
also asks the kernel who is calling (`peer`) and accepts only whoever started the server (see postgres.py).
"""

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import StartError
from .program import run_as

CHECKOUT = Path(__file__).resolve().parents[2]
LONGEST_SOCKET = 100  # bytes; Linux allows 107, macOS 103
NEEDED_SPACE = 300 * 1024 * 1024  # bytes; an empty PostgreSQL takes 50 MB, its log 80 MB


@dataclass(frozen=True)
class Home:
    """The data folder: everything that is not in git."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """$SOCIALNET_HOME; a relative one counts from the checkout, wherever the caller stands."""
        return cls((CHECKOUT / (os.environ.get("SOCIALNET_HOME") or ".local")).resolve())

    @property
    def engines(self) -> Path:
        return self.path / "engines"

    @property
    def secret_key(self) -> Path:
        return self.path / "secret_key"

    @property
    def vapid_key(self) -> Path:
        return self.path / "vapid_key"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics"

    def pids(self, lock: str) -> Path:
        """Pid files of whoever holds `lock`."""
        folder = self.path / "pids" / lock
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def prepare(self) -> None:
        """Make the folder, or say why it cannot be used."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / "pids").mkdir(exist_ok=True)
        except OSError as error:
            raise StartError(
                f"Cannot write to {self.path} ({error.strerror}): mend that, or set SOCIALNET_HOME to another folder."
            ) from error
        owner = self.path.stat().st_uid
        if owner != os.geteuid():
            raise StartError(
                f"{self.path} belongs to {account_name(owner)}, and you are {account_name(os.geteuid())}: "
                f"start as {account_name(owner)}, or set SOCIALNET_HOME to a folder of your own."
            )
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_SPACE:
            raise StartError(
                f"The disk is full: {self.path} has {free // 2**20} MB left and needs {NEEDED_SPACE // 2**20}; "
                "make room, or set SOCIALNET_HOME to a folder on another disk."
            )

    def lock(self, name: str) -> IO[str]:
        """Hold `name` for as long as the answer is open; a second caller is told who has it."""
        file = (self.path / f"{name}.lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read() or "just starting"
            file.close()
            raise StartError(f"Already running with the data in {self.path}: {holder}.") from None
        sign(file)
        return file


def sign(lock: IO[str], note: str = "") -> None:
    """Write into a lock who holds it, for whoever meets it."""
    lock.seek(0)
    lock.truncate()
    lock.write(f"process {os.getpid()}{note}")
    lock.flush()


def account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def state_folder(
    home: Home, account: pwd.struct_passwd | None, *, elsewhere: Path = Path("/var/lib")
) -> Path:
    """The engines' folder, made when missing; a link to one `elsewhere` if `account` cannot reach the home."""
    folder = home.engines
    if folder.is_symlink() and not folder.exists():
        raise StartError(
            f"{folder} leads to {folder.readlink()}, which is gone: remove the link to begin anew."
        )
    if not folder.exists():
        if account and not can_reach(home.path, account):
            folder.symlink_to(tempfile.mkdtemp(prefix="socialnet-", dir=elsewhere))
        else:
            folder.mkdir(mode=0o700)
        own(folder, account)
    return folder.resolve()


def socket_folder(state: Path, account: pwd.struct_passwd | None) -> Path:
    """`state`/run, or a short folder in /tmp where the path is too long or too odd for a socket's address."""
    folder = socket_path(state)
    uid = account.pw_uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        own(folder, account)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != uid or found.st_mode & 0o077:
            raise StartError(f"{folder} is not a private folder of {account_name(uid)}: remove it.") from None
    return folder


def socket_path(state: Path) -> Path:
    folder = state / "run"
    is_plain = re.fullmatch(r"[A-Za-z0-9/._-]+", str(folder))
    if is_plain and len(f"{folder}/.s.PGSQL.5432") <= LONGEST_SOCKET:
        return folder
    return Path("/tmp", f"socialnet-{os.geteuid()}-{hashlib.sha256(bytes(state)).hexdigest()[:10]}")


def remove_socket_folder(state: Path) -> None:
    """Nothing of ours stays in /tmp when the engines are down."""
    shutil.rmtree(socket_path(state), ignore_errors=True)


def own(path: Path, account: pwd.struct_passwd | None) -> None:
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def can_reach(folder: Path, account: pwd.struct_passwd) -> bool:
    """Asked by trying, because permission bits are not the whole truth."""
    asked = subprocess.run(["test", "-x", folder], cwd="/", check=False, **run_as(account))
    return asked.returncode == 0
