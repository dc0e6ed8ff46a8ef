"""Free ports, and who holds a taken one."""

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .errors import StartError

FIRST_PORT = 8000
LISTENING = "0A"  # state column of /proc/net/tcp


def choose_port(asked: str | None) -> int:
    """The port of the pages; the live socket takes the next. What was asked for must be free, else a pair is found."""
    if not asked:
        return next(port for port in range(FIRST_PORT, 65_000, 2) if is_free(port) and is_free(port + 1))
    if not asked.isdecimal() or not 0 < int(asked) < 65_535:
        raise StartError(f"PORT is {asked!r}: give a number from 1 to 65534, for example PORT=8000.")
    port = int(asked)
    for needed, purpose in ((port, ""), (port + 1, " (PORT + 1, for the live socket)")):
        if not is_free(needed):
            raise StartError(
                f"Port {needed}{purpose} is taken by {holder(needed)}: stop that, or choose another with "
                f"PORT={port + 10} script/server."
            )
    return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as the servers do: TIME_WAIT does not matter
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise StartError(
                f"Port {port} is for root only: choose one from 1024 up with PORT=8000."
            ) from None
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Name and pid of the process that listens on `port`, as far as we may know."""
    pid = _holder_by_proc(port) if Path("/proc/net/tcp").exists() else _holder_by_lsof(port)
    if pid is None:
        return "a process of another user"
    with contextlib.suppress(OSError):
        return f"{Path(f'/proc/{pid}/comm').read_text().strip()} (process {pid})"
    return f"process {pid}"


def _holder_by_proc(port: int) -> int | None:
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for descriptors in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in sockets for link in descriptors.iterdir()):
                return int(descriptors.parent.name)
    return None


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                    yield columns[9]


def _holder_by_lsof(port: int) -> int | None:
    if not shutil.which("lsof"):
        return None
    asked = subprocess.run(
        ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-t"], capture_output=True, text=True, check=False
    )
    pids = asked.stdout.split()
    return int(pids[0]) if pids else None
