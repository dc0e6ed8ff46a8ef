"""python -m socialnet.embedded server | engines | env | test [arguments of pytest]"""

import asyncio
import errno
import sys

from .environment import load_env_file
from .errors import StartError
from .home import CHECKOUT, Home
from .log import Log
from .server import print_environment, serve, serve_engines
from .supervisor import Supervisor, supervise
from .testing import run_tests

COMMANDS = {"server": serve, "engines": serve_engines}


def main(command: str, arguments: list[str]) -> int:
    home = Home.from_environment()
    home.prepare()
    if command == "test":
        return run_tests(home, arguments)
    load_env_file(CHECKOUT / ".env")
    if command == "env":
        print_environment(home)
    else:
        supervisor = Supervisor(home, Log())
        asyncio.run(supervise(supervisor, COMMANDS[command](supervisor)))
    return 0


def run() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command not in {*COMMANDS, "env", "test"}:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return main(command, sys.argv[2:])
    except StartError as error:
        print(f"Not started. {error}", file=sys.stderr)
    except OSError as error:
        print(f"Not started. {describe(error)}", file=sys.stderr)
    return 1


def describe(error: OSError) -> str:
    """A sentence for what the system refused and nobody foresaw."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{where}: make room, or set SOCIALNET_HOME to a folder on another disk."
    return f"The system says {error.strerror or error}{where}: mend that and start again."


if __name__ == "__main__":
    sys.exit(run())
