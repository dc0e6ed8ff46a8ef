"""The small parts behind script/server, each by itself."""

import io
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from socialnet import celery
from socialnet.embedded import home as homes
from socialnet.embedded.applications import behind_the_doors
from socialnet.embedded.environment import filled_in, read_env_file, secret_key
from socialnet.embedded.errors import StartError
from socialnet.embedded.home import Home, sign, socket_folder, socket_path
from socialnet.embedded.leftovers import birth_of, end_leftovers, leave_trace
from socialnet.embedded.log import Log, Voice, last_words
from socialnet.embedded.ports import choose_port, holder, is_free
from socialnet.embedded.program import Program
from socialnet.kernel.health import WORKERS
from socialnet.outbox.handlers import QUEUES

PARENT_WITH_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep({seconds})
"""


def wait_until(true, *, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
def listener():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


# --- environment ---


def test_env_file_takes_quotes_comments_and_export(tmp_path):
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nPORT=8010\nexport DEBUG = 1\nNAME='two words'  \nURL=http://x/#top # said\nEMPTY=\n"
    )
    assert read_env_file(file) == {
        "PORT": "8010",
        "DEBUG": "1",
        "NAME": "two words",
        "URL": "http://x/#top",
        "EMPTY": "",
    }


def test_env_file_with_a_broken_line_is_named(tmp_path):
    file = tmp_path / ".env"
    file.write_text("PORT=8010\nthis is no setting\n")
    with pytest.raises(StartError, match="Line 2 of"):
        read_env_file(file)


def test_what_was_given_stays_and_what_is_empty_is_filled():
    assert filled_in({"A": "mine", "B": ""}, {"A": "1", "B": "2", "C": "3"}) == {
        "A": "mine",
        "B": "2",
        "C": "3",
    }


def test_the_secret_key_is_made_once_for_us_alone(tmp_path):
    file = tmp_path / "secret_key"
    first = secret_key(file)
    assert len(first) >= 50
    assert secret_key(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# --- ports ---


def test_a_port_that_was_asked_for_and_is_taken_is_said_with_its_holder(listener):
    with pytest.raises(StartError) as refused:
        choose_port(str(listener))
    assert f"Port {listener} is taken by" in str(refused.value)
    assert f"(process {os.getpid()})" in str(refused.value)


def test_the_port_of_the_live_socket_must_be_free_too(listener):
    if not is_free(listener - 1):
        pytest.skip("the neighbour is taken as well")
    with pytest.raises(StartError, match=rf"Port {listener} \(PORT \+ 1"):
        choose_port(str(listener - 1))


@pytest.mark.parametrize("nonsense", ["http", "-1", "0", "65535", "99999", "8000.5"])
def test_nonsense_is_no_port(nonsense):
    with pytest.raises(StartError, match="give a number"):
        choose_port(nonsense)


def test_without_a_wish_the_next_free_pair_is_taken(monkeypatch, listener):
    monkeypatch.setattr("socialnet.embedded.ports.FIRST_PORT", listener)
    port = choose_port(None)
    assert port > listener
    assert is_free(port)
    assert is_free(port + 1)


def test_nobody_holds_a_free_port(listener):
    assert str(os.getpid()) in holder(listener)
    assert not is_free(listener)


# --- the log ---


def test_lines_are_prefixed_aligned_and_without_colour_off_a_terminal():
    out = io.StringIO()
    log = Log(out)
    log.write("web", "\x1b[32mstarted\x1b[0m")
    log.write("postgres", "ready")
    assert out.getvalue() == "web      | started\npostgres | ready\n"


def test_output_in_pieces_becomes_whole_lines_and_chatter_is_left_out():
    out = io.StringIO()
    voice = Voice("web", Log(out), chatter="^noise")
    for piece in (b"one\ntw", b"o\nnoise of the engine\n", b"the rest"):
        voice.hear(piece)
    voice.finish()
    assert out.getvalue().splitlines() == ["web      | one", "web      | two", "web      | the rest"]
    assert "noise of the engine" in voice.last


def test_a_closed_terminal_does_not_stop_the_log():
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    Log(Gone()).say("still here")


def test_the_last_words_are_the_line_that_says_why():
    assert last_words(["starting", "FATAL:  no room", "shut down"]) == "FATAL:  no room"
    assert last_words(["starting", ""]) == "starting"
    assert last_words([]) == "it said nothing"


# --- the home ---


def test_a_second_supervisor_is_told_who_has_the_home(home):
    with home.lock("server") as lock:
        sign(lock, " at http://127.0.0.1:8000")
        with pytest.raises(
            StartError, match=rf"Already running .*process {os.getpid()} at http://127.0.0.1:8000"
        ):
            home.lock("server")
    home.lock("server").close()


def test_a_full_disk_is_a_sentence(home, monkeypatch):
    monkeypatch.setattr(homes.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 5 * 2**20}))
    with pytest.raises(StartError, match=r"The disk is full: .* has 5 MB left"):
        home.prepare()


def test_the_home_of_somebody_else_is_a_sentence(home, monkeypatch):
    monkeypatch.setattr(homes.os, "geteuid", lambda: 12345)
    with pytest.raises(StartError, match=r"belongs to .*, and you are user 12345"):
        home.prepare()


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="Cannot write to"):
        Home(tmp_path / "file" / "home").prepare()


@pytest.mark.parametrize("name", ["d" * 120, "with space", "ünïcode"])
def test_a_socket_gets_a_short_plain_path(tmp_path, name):
    path = socket_path(tmp_path / name)
    assert len(bytes(path / ".s.PGSQL.5432")) <= homes.LONGEST_SOCKET
    assert str(path).isascii()
    assert " " not in str(path)


def test_the_socket_folder_is_private_and_a_strangers_is_refused(tmp_path, monkeypatch):
    folder = socket_folder(tmp_path, None)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    with pytest.raises(StartError, match="not a private folder"):
        socket_folder(tmp_path, None)


# --- the application ---


def test_every_queue_is_taken_by_one_worker_and_long_work_by_its_own():
    taken = queues_taken()
    assert {part: set(queues) for part, queues in WORKERS.items()} == taken
    assert sorted(queue for queues in taken.values() for queue in queues) == sorted(QUEUES)


def test_jobs_that_may_take_long_keep_only_long_work_waiting():
    long = {task for task, limits in celery.app.conf.task_annotations.items() if limits["time_limit"] > 60}
    jobs = [job for job in celery.app.conf.beat_schedule.values() if job["task"] in long]
    assert jobs
    assert {job["options"]["queue"] for job in jobs} <= queues_taken()["bulk"]


def test_a_worker_that_hears_twice_that_it_must_stop_does_not_wait_for_itself(monkeypatch):
    class Stopping:
        times = 0

        def set(self):
            self.times += 1
            celery.end_heartbeat()  # the second signal, inside the handler of the first

    monkeypatch.setattr(celery, "_asked_to_stop", [])
    monkeypatch.setattr(celery, "_stopping", Stopping())
    celery.end_heartbeat()
    assert celery._stopping.times == 1


def queues_taken():
    """What each Celery worker of script/server takes, by name."""
    programs = behind_the_doors(Home(Path("/nowhere")), {})
    return {
        program.name: set(program.argv[program.argv.index("-Q") + 1].split(","))
        for program in programs
        if "-Q" in program.argv
    }


# --- leftovers ---


def start(seconds, tmp_path, **options):
    """A process that leads a session with one child, as the supervisor starts them, and the pid of the child."""
    program = Program(
        name="left", argv=[sys.executable, "-c", PARENT_WITH_CHILD.format(seconds=seconds)], patience=5
    )
    running = subprocess.Popen(program.argv, stdout=subprocess.PIPE, text=True, **program.popen_options())
    leave_trace(tmp_path, program, running.pid)
    with running.stdout:
        return running, int(running.stdout.readline())


def test_what_a_killed_supervisor_left_is_ended_with_its_children(tmp_path):
    running, child = start(60, tmp_path)
    assert end_leftovers_while_reaping(tmp_path, running) == ["left"]
    wait_until(lambda: birth_of(child) is None)
    assert not list(tmp_path.iterdir())


def test_children_are_ended_when_their_parent_is_gone(tmp_path):
    running, child = start(60, tmp_path)
    running.kill()
    running.wait()
    assert birth_of(child)
    assert end_leftovers(tmp_path) == ["left"]
    wait_until(lambda: birth_of(child) is None)


def test_a_stranger_with_the_same_pid_is_left_alone(tmp_path):
    running, _ = start(60, tmp_path)
    trace = tmp_path / "left"
    trace.write_text(trace.read_text().replace(birth_of(running.pid), "1"))
    assert end_leftovers(tmp_path) == []
    assert running.poll() is None
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def test_a_half_written_pid_file_does_no_harm(tmp_path):
    (tmp_path / "web").write_text('{"pid": 1')
    assert end_leftovers(tmp_path) == []
    assert not list(tmp_path.iterdir())


def end_leftovers_while_reaping(folder: Path, running: subprocess.Popen) -> list[str]:
    """The test is the parent, so it must collect the dead, as init does for a killed supervisor."""
    threading.Thread(target=running.wait, daemon=True).start()
    return end_leftovers(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="PDEATHSIG is Linux only")
def test_a_program_dies_with_its_parent(tmp_path):
    parent = (
        "import subprocess, sys, time\n"
        "from socialnet.embedded.program import Program\n"
        "program = Program(name='x', argv=[sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(subprocess.Popen(program.argv, **program.popen_options()).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    with running.stdout:
        child = int(running.stdout.readline())
    running.kill()
    running.wait()
    wait_until(lambda: birth_of(child) is None)
