"""The embedded Redis (Valkey): one socket, nothing on disk, never evicting.

It must not come back with what it held a minute before: an empty timeline is rebuilt, an old one is believed
(`docs/adr/0009`).
"""

import contextlib
import pwd
import socket
from functools import partial
from pathlib import Path

from .binaries import runnable_valkey
from .home import own
from .program import Program

CHATTER = r"Memory overcommit must be enabled|signal-handler|ready to exit"


def url(run: Path) -> str:
    return f"unix://{run}/redis.sock?db=0"


def program(*, state: Path, run: Path, account: pwd.struct_passwd | None) -> Program:
    data = state / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    own(data, account)
    options = {
        "port": "0",
        "unixsocket": f"{run}/redis.sock",
        "unixsocketperm": "700",
        "dir": str(data),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "zset-max-listpack-entries": "1024",  # a timeline of 800 ids lies in one piece: a third of the memory
        "loglevel": "warning",
    }
    argv = [str(runnable_valkey(state, account))]
    for name, value in options.items():
        argv += [f"--{name}", value]
    return Program(
        name="redis",
        argv=argv,
        cwd=data,
        account=account,
        hurries=False,
        before=partial((data / "dump.rdb").unlink, missing_ok=True),  # it would be read, whoever wrote it
        chatter=CHATTER,
        is_ready=lambda: answers(run / "redis.sock"),
    )


def answers(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False
