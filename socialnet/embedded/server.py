"""What script/server runs, and the two smaller commands beside it."""

import asyncio
import os
import shlex
import shutil
import sys
from functools import partial

from .applications import behind_the_doors, doors, manage
from .engines import Engines
from .environment import filled_in, laptop_settings, secret_key, vapid_key
from .errors import StartError
from .home import Home, remove_socket_folder
from .ports import FIRST_PORT, choose_port
from .supervisor import Supervisor


async def serve(supervisor: Supervisor) -> None:
    """Start everything, say where it is, and keep it running."""
    home, log = supervisor.home, supervisor.log
    engines = Engines.missing_from_environment()
    port = choose_port(os.environ.get("PORT"))
    url = f"http://127.0.0.1:{port}"
    await supervisor.take("server", note=f" at {url}")
    log.say(f"Starting with the data in {home.path}.")
    if not os.environ.get("PORT") and port != FIRST_PORT:
        log.say(f"Port {FIRST_PORT} or the next is taken; taking {port} and {port + 1}.")
    await start_engines(supervisor, engines)
    environment = application_environment(home, engines, port, colour=log.colour)
    shutil.rmtree(home.metrics, ignore_errors=True)  # counts of processes that are no more
    home.metrics.mkdir()
    await supervisor.once(manage("migrate", "migrate", "--database", "owner", told=environment))
    started = await supervisor.begin(doors(port, environment), lock="server")
    if engines.database:
        await load_demo(supervisor, environment)
    started += await supervisor.begin(behind_the_doors(home, environment), lock="server")
    await asyncio.gather(
        supervisor.answers_of(started),
        *([say_logins(supervisor, environment)] if engines.database else []),
    )
    log.plain(f"ready: {url}")
    await supervisor.until_stopped()


async def serve_engines(supervisor: Supervisor) -> None:
    """Only PostgreSQL and Redis, in the foreground."""
    await start_engines(supervisor, Engines(database=True, redis=True))
    home = shlex.quote(str(supervisor.home.path))
    supervisor.log.plain(f'ready: eval "$(SOCIALNET_HOME={home} {sys.executable} -m socialnet.embedded env)"')
    await supervisor.until_stopped()


def print_environment(home: Home) -> None:
    """The addresses of the embedded engines, for `eval` in a shell."""
    found = {
        "SOCIALNET_HOME": str(home.path),
        "SECRET_KEY": secret_key(home.secret_key),
        "VAPID_PRIVATE_KEY": vapid_key(home.vapid_key),
    }
    found |= Engines(database=True, redis=True).addresses(home)
    for name, value in found.items():
        print(f"export {name}={shlex.quote(value)}")


async def start_engines(supervisor: Supervisor, engines: Engines) -> None:
    if not engines:
        return
    await supervisor.take("engines")
    if not supervisor.home.engines.exists():
        supervisor.log.say("Making the data folder of PostgreSQL (first start only).")
    programs = await asyncio.to_thread(engines.prepare, supervisor.home)
    state = supervisor.home.engines.resolve()
    if supervisor.home.engines.is_symlink():
        supervisor.log.say(
            f"PostgreSQL's account cannot enter {supervisor.home.path}; its data are in {state}."
        )
    supervisor.afterwards(partial(remove_socket_folder, state))
    await supervisor.up(programs, lock="engines")


def application_environment(home: Home, engines: Engines, port: int, *, colour: bool) -> dict[str, str]:
    """What every process is told. What the caller set stays."""
    defaults = laptop_settings(home, port) | engines.addresses(home)
    if engines.database:
        defaults["EMAIL_VERIFICATION"] = "optional"
    told = filled_in(os.environ, defaults) | {"PORT": str(port), "PYTHONUNBUFFERED": "1"}
    return told | ({"FORCE_COLOR": "1"} if colour else {"NO_COLOR": "1"})


async def load_demo(supervisor: Supervisor, environment: dict[str, str]) -> None:
    """The demo community, once, into an embedded database; it makes its deliveries itself, so nobody else works yet."""
    loaded = supervisor.home.path / "demo_loaded"
    if not loaded.exists():
        await supervisor.once(manage("demo", "load_demo", told=environment))
        loaded.touch()


async def say_logins(supervisor: Supervisor, environment: dict[str, str]) -> None:
    try:
        await supervisor.once(manage("demo", "demo_logins", told=environment))
    except StartError as error:  # everything runs; this alone is no reason to stop
        supervisor.log.say(str(error))
