"""The supervisor with small programs in place of the real ones."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from socialnet.embedded import child as children
from socialnet.embedded.errors import StartError
from socialnet.embedded.guardian import Guardian, guard
from socialnet.embedded.home import CHECKOUT, Home
from socialnet.embedded.leftovers import Trace, birth_of
from socialnet.embedded.log import Log
from socialnet.embedded.program import Program
from socialnet.embedded.supervisor import Supervisor, supervise

POLITE = """
import signal, sys, time
def leave(*_):
    print("leaving", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
time.sleep(60)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
SUPERVISOR_OF_STUBBORN = f"""
import asyncio, sys
from pathlib import Path
from socialnet.embedded.home import Home
from socialnet.embedded.log import Log
from socialnet.embedded.program import Program
from socialnet.embedded.supervisor import Supervisor, supervise
home = Home(Path(sys.argv[1]))
home.prepare()
supervisor = Supervisor(home, Log())
stubborn = Program(name="web", argv=[sys.executable, "-u", "-c", {STUBBORN!r}], patience=0.5)
async def work():
    await supervisor.up([stubborn], lock="server")
    await supervisor.until_stopped()
asyncio.run(supervise(supervisor, work()))
"""


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def supervisor(tmp_path, out):
    home = Home(tmp_path / "home")
    home.prepare()
    return Supervisor(home, Log(out))


def program(name, code, out=None, **options):
    """`out`: ready once it said that it is up."""
    ready = {} if out is None else {"is_ready": lambda: f"{name:<8} | up" in out.getvalue()}
    return Program(name=name, argv=[sys.executable, "-u", "-c", code], **ready, **options)


def pids_of(supervisor):
    return {child.name: child._process.pid for child in supervisor._children}


async def run_then(supervisor, programs, act):
    """Start `programs`, do `act` when they are ready, and wait until all is down."""

    async def work():
        await supervisor.up(programs, lock="server")
        asyncio.create_task(act())  # noqa: RUF006 - ends with the loop
        await supervisor.until_stopped()

    await supervise(supervisor, work())


async def test_everything_stops_in_order_on_sigterm(supervisor, out):
    async def act():
        os.kill(os.getpid(), signal.SIGTERM)

    names = ["postgres", "redis", "worker", "bulk", "relay", "beat", "live", "web"]
    await run_then(supervisor, [program(name, POLITE, out) for name in names], act)
    said = [line.split(" |")[0].strip() for line in out.getvalue().splitlines() if line.endswith("leaving")]
    assert set(said[:3]) == {"web", "live", "beat"}
    assert said[3] == "relay"
    assert set(said[4:6]) == {"worker", "bulk"}
    assert said[6:] == ["redis", "postgres"]
    assert all(birth_of(pid) is None for pid in pids_of(supervisor).values())
    assert not list(supervisor.home.pids("server").iterdir())


async def test_a_crashed_process_is_said_and_started_again(supervisor, out, monkeypatch):
    monkeypatch.setattr(children, "FIRST_PAUSE", 0.1)
    pids = []

    async def act():
        pids.append(pids_of(supervisor)["worker"])
        os.kill(pids[0], signal.SIGKILL)
        while out.getvalue().count("worker   | up") < 2:
            await asyncio.sleep(0.02)
        pids.append(pids_of(supervisor)["worker"])
        os.kill(os.getpid(), signal.SIGINT)

    await run_then(supervisor, [program("worker", POLITE, out)], act)
    assert pids[0] != pids[1]
    assert "server   | worker ended (signal SIGKILL); starting it again in" in out.getvalue()


async def test_a_second_ctrl_c_hastens(supervisor, out):
    async def act():
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    began = time.monotonic()
    await run_then(supervisor, [program("web", STUBBORN, out, patience=30)], act)
    assert time.monotonic() - began < 10


async def test_an_engine_is_given_its_time_all_the_same(supervisor, out):
    slow = POLITE.replace("sys.exit(0)", "time.sleep(1); print('all written down', flush=True); sys.exit(0)")

    async def act():
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    programs = [program("postgres", slow, out, hurries=False), program("web", STUBBORN, out, patience=30)]
    await run_then(supervisor, programs, act)
    assert "postgres | all written down" in out.getvalue()


async def test_what_does_not_stop_is_killed_after_its_patience(supervisor, out):
    async def act():
        os.kill(os.getpid(), signal.SIGHUP)

    await run_then(supervisor, [program("web", STUBBORN, out, patience=0.3)], act)
    assert "web does not stop; killing it." in out.getvalue()


async def test_one_that_ends_while_starting_stops_the_start_with_its_last_words(supervisor, out):
    programs = [
        program("redis", POLITE, out),
        program("web", "print('up'); raise SystemExit('error: no such module')"),
    ]
    with pytest.raises(StartError, match="web ended while starting: error: no such module"):
        await supervise(supervisor, supervisor.up([programs[0], slow_to_answer(programs[1])], lock="server"))
    assert all(birth_of(pid) is None for pid in pids_of(supervisor).values())


def slow_to_answer(base):
    return Program(name=base.name, argv=base.argv, is_ready=lambda: False)


async def test_a_command_that_fails_says_why(supervisor):
    with pytest.raises(StartError, match="migrate failed: ValueError: no"):
        await supervise(supervisor, supervisor.once(program("migrate", "raise ValueError('no')")))


async def test_what_a_process_started_ends_with_it(supervisor, out):
    """Even when the process itself did not care."""
    code = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    code += "print('child', p.pid, flush=True)\n" + POLITE
    found = []

    async def act():
        found.append(int(next(line for line in out.getvalue().splitlines() if "child" in line).split()[-1]))
        os.kill(os.getpid(), signal.SIGTERM)

    await run_then(supervisor, [program("worker", code, out)], act)
    for _ in range(100):  # what was killed is there until its new parent, init, has looked
        if birth_of(found[0]) is None:
            break
        await asyncio.sleep(0.1)
    assert birth_of(found[0]) is None


async def test_an_unknown_program_is_a_sentence(supervisor):
    with pytest.raises(StartError, match="Cannot start web"):
        await supervise(
            supervisor, supervisor.up([Program(name="web", argv=["/no/such/thing"])], lock="server")
        )


def test_what_does_not_stop_is_killed_after_its_patience_though_the_supervisor_is_dead(tmp_path):
    argv = [sys.executable, "-u", "-c", SUPERVISOR_OF_STUBBORN, str(tmp_path / "home")]
    with subprocess.Popen(argv, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "web      | up\n"
        stubborn = json.loads((tmp_path / "home/pids/server/web").read_text())["pid"]
        running.kill()
        killed = time.monotonic()
    while birth_of(stubborn) and time.monotonic() - killed < 10:
        time.sleep(0.02)
    assert birth_of(stubborn) is None
    assert time.monotonic() - killed > 0.4


def test_a_killed_guardian_does_not_keep_the_supervisor_from_its_work():
    guardian = Guardian()
    guardian._process.kill()
    guardian._process.wait()
    trace = Trace.of(Program(name="web", argv=[]), os.getpid())
    guardian.watch("web", trace)
    guardian.dismiss()


def test_a_guardian_reads_to_the_last_whole_line():
    running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    line = json.dumps(["web", asdict(Trace.of(Program(name="web", argv=[]), running.pid))])
    guard([line, line[:20]])
    assert running.wait(5) == -signal.SIGTERM
