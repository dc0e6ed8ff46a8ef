"""script/server as a person meets it: cold, warm, as root and as somebody else, stopped and killed."""

import http.client
import json
import os
import platform
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2
import pytest

from socialnet.embedded.leftovers import birth_of, command_of
from socialnet.embedded.ports import is_free
from socialnet.embedded.program import run_as

CHECKOUT = Path(__file__).resolve().parents[1]
PATIENCE = 240  # seconds; CI runs other tests beside this
GIVEN_BY_SCRIPT_TEST = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "VAPID_PRIVATE_KEY",
    "SOCIALNET_HOME",
    "PORT",
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server"), pytest.mark.timeout(400)]


def environment_of(home: Path, port: int | None, venv: Path = Path(sys.prefix)) -> dict[str, str]:
    ours = {"SOCIALNET_HOME": str(home), "SOCIALNET_VENV": str(venv)} | ({"PORT": str(port)} if port else {})
    return {name: value for name, value in os.environ.items() if name not in GIVEN_BY_SCRIPT_TEST} | ours


def refused(home: Path, *, port: int | None = None) -> str:
    """What script/server says when it does not start."""
    ran = subprocess.run(
        [CHECKOUT / "script/server"],
        env=environment_of(home, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 1
    return ran.stdout


@dataclass
class Server:
    """One run of script/server, its output in a file."""

    home: Path
    checkout: Path = CHECKOUT
    venv: Path = Path(sys.prefix)
    port: int | None = None
    account: pwd.struct_passwd | None = None
    began: float = field(default_factory=time.monotonic)

    def __enter__(self):
        self.output_file = Path(f"{self.home}-{time.time_ns()}.log")
        environment = environment_of(self.home, self.port, self.venv)
        if self.account:
            environment["HOME"] = str(self.home)
        with self.output_file.open("w") as output:
            self.process = subprocess.Popen(
                [self.checkout / "script/server"],
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **run_as(self.account),
            )
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(60)
        finally:
            for pid in processes_of(self.home):
                os.kill(pid, signal.SIGKILL)

    @property
    def output(self):
        return self.output_file.read_text()

    def wait_until_ready(self):
        """Its address, as printed; and the seconds it took."""
        while not (said := re.search(r"^ready: (http://127\.0\.0\.1:\d+)$", self.output, re.MULTILINE)):
            assert self.process.poll() is None, self.output
            assert time.monotonic() - self.began < PATIENCE, self.output
            time.sleep(0.05)
        self.seconds = time.monotonic() - self.began
        return said[1]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def processes_of(home: Path) -> set[int]:
    """Every process, in whatever session, that was started for `home`."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            known_by = (folder / "cmdline").read_bytes() + b"\0" + (folder / "environ").read_bytes()
        except OSError:
            continue
        if bytes(home) in known_by and int(folder.name) != os.getpid() and birth_of(int(folder.name)):
            found.add(int(folder.name))
    return found


def wait_until(true, seconds=60, otherwise=lambda: "it did not happen in time"):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.1)


def wait_until_nothing_is_left(home, seconds=90):
    """The longest patience is PostgreSQL's, a minute."""
    wait_until(lambda: not processes_of(home), seconds, otherwise=lambda: described(processes_of(home)))


def described(pids):
    """A line for each: the pid, what it is and where its threads stand."""
    lines = ["still there:"]
    for pid in sorted(pids):
        waits = [where.read_text() for where in Path(f"/proc/{pid}/task").glob("*/wchan")]
        lines.append(f"{pid} {command_of(pid)[:200]} ({', '.join(waits)})")
    return "\n".join(lines)


def get(url, path):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def free_pair():
    for port in range(18_000, 30_000, 2):
        if is_free(port) and is_free(port + 1):
            return port
    raise AssertionError("no free port")


def usernames(home):
    address = subprocess.run(
        [sys.executable, "-m", "socialnet.embedded", "env"],
        cwd=CHECKOUT,
        env={**os.environ, "SOCIALNET_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    url = re.search(r"DATABASE_OWNER_URL='?([^'\n]+)", address)[1]
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT username FROM accounts_user ORDER BY id")
            return [row[0] for row in cursor.fetchall()]
    finally:
        connection.close()


@dataclass(frozen=True)
class FirstStart:
    home: Path
    output: str
    people: list[str]


@pytest.fixture(scope="module")
def first_start():
    """A home and the output of its first start, which is a test of its own. Open to all, unlike pytest's folders."""
    with TemporaryDirectory(prefix="socialnet-start-") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        with Server(home) as server:
            url = server.wait_until_ready()
            people = usernames(home)
            assert_everything_serves(server, url)
            print(f"cold start {server.seconds:.1f} s")
            assert server.stop() == 0
        assert people, "the demo community is there"
        assert not processes_of(home)
        yield FirstStart(home, server.output, people)


@pytest.fixture
def home(first_start):
    return first_start.home


def assert_everything_serves(server, url):
    status, body = get(url, "/health/ready")
    assert status == 200, body
    assert json.loads(body)["ready"] is True
    assert get(url, "/health/live")[0] == 200
    assert get(url, "/")[0] == 200
    wait_until(lambda: set(parts(url).values()) == {"up"}, otherwise=lambda: parts(url))
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port + 1), timeout=5):
        pass
    assert "Traceback" not in server.output


def parts(url):
    return json.loads(get(url, "/health/ready")[1])["parts"]


def test_the_second_start_keeps_the_data_and_takes_seconds(first_start):
    home = first_start.home
    secret, vapid = (home / "secret_key").read_text(), (home / "vapid_key").read_text()
    port = free_pair()
    with Server(home, port=port) as server:
        assert server.wait_until_ready() == f"http://127.0.0.1:{port}"
        assert_everything_serves(server, f"http://127.0.0.1:{port}")
        assert usernames(home) == first_start.people
        print(f"warm start {server.seconds:.1f} s")
        assert refused(home, port=free_pair()) == (
            f"Not started. Already running with the data in {home}: "
            f"process {server.process.pid} at http://127.0.0.1:{port}.\n"
        )
        assert get(f"http://127.0.0.1:{port}", "/health/ready")[0] == 200
        assert server.stop() == 0
    assert (home / "secret_key").read_text() == secret
    assert (home / "vapid_key").read_text() == vapid
    assert "Installing" not in server.output
    assert "Making the data folder" not in server.output
    assert server.seconds < 60
    assert not processes_of(home)
    assert is_free(port)
    assert is_free(port + 1)


def test_the_log_is_prefixed_and_names_the_logins(first_start):
    before, _, after = first_start.output.partition("\nready: ")
    assert all(re.match(r"(\w+ *) \| ", line) for line in before.splitlines())
    assert re.search(r"^demo +\| .*ada", before, re.MULTILINE)
    assert "server   | Stopping." in after


def test_a_taken_port_is_one_sentence(home):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        said = refused(home, port=port)
    assert re.fullmatch(
        rf"Not started\. Port {port} is taken by .*\(process {os.getpid()}\): stop that, .*\n", said
    )
    assert not processes_of(home)


def test_after_kill_9_nothing_is_left_and_the_next_start_recovers(home):
    port = free_pair()
    with Server(home, port=port) as server:
        server.wait_until_ready()
        people = usernames(home)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        with Server(home, port=port) as next_one:  # at once, while the others are still on their way out
            url = next_one.wait_until_ready()
            assert_everything_serves(next_one, url)
            assert usernames(home) == people
            assert next_one.stop() == 0
    assert not processes_of(home)


def test_a_crashed_process_comes_back_and_what_kill_9_leaves_ends_by_itself(home):
    with Server(home) as server:
        server.wait_until_ready()
        relay = pid_of(home, "relay")
        os.kill(relay, signal.SIGKILL)
        wait_until(lambda: "relay ended (signal SIGKILL); starting it again" in server.output)
        wait_until(lambda: pid_of(home, "relay") not in (relay, None))
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        wait_until_nothing_is_left(home)


def test_what_hangs_while_the_supervisor_is_killed_is_killed_after_its_patience(home):
    with Server(home) as server:
        server.wait_until_ready()
        relay = pid_of(home, "relay")
        os.kill(relay, signal.SIGSTOP)  # it hears nothing
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        killed = time.monotonic()
        wait_until_nothing_is_left(home)
        assert time.monotonic() - killed > 9, "the others had their patience"


def pid_of(home, name):
    try:
        return json.loads((home / "pids/server" / name).read_text())["pid"]
    except ValueError:  # just being written
        return None


# --- as somebody else ---


@pytest.fixture
def somebody_else():
    """An account without rights, a checkout it can read in a folder with a space, and a Python it can run."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    account = pwd.getpwnam("nobody")
    python = next(
        filter(None, (shutil.which(name, path="/usr/local/bin:/usr/bin:/bin") for name in pythons())), None
    )
    if not python:
        pytest.skip("there is no Python 3.11 that nobody may run")
    with TemporaryDirectory(prefix="socialnet-other-") as folder:
        place = Path(folder) / "a place"
        copy_checkout(place / "checkout")
        (place / "home").mkdir()
        for path in (Path(folder), place, place / "home"):
            path.chmod(0o755)
            os.chown(path, account.pw_uid, account.pw_gid)
        venv = lent_venv(place / "venv", python, account)
        yield account, place, venv


def pythons():
    return (f"python3.{sys.version_info.minor}", "python3")


def copy_checkout(target):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)


def lent_venv(target, python, account):
    """The packages of this environment lent to another, instead of a minute of pip; or none, and pip does its work."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    can_read = subprocess.run(["test", "-r", packages], check=False, **run_as(account)).returncode == 0
    question = [python, "-c", "import platform; print(platform.python_version())"]
    version = subprocess.run(question, capture_output=True, text=True, check=True).stdout.strip()
    if can_read and version == platform.python_version():
        subprocess.run([python, "-m", "venv", "--without-pip", target], check=True)
        (next(target.glob("lib/*/site-packages")) / "lent.pth").write_text(packages + "\n")
        shutil.copy(Path(sys.prefix) / "installed-server", target)
    return target


def test_cold_start_as_somebody_without_rights(somebody_else):
    account, place, venv = somebody_else
    with Server(place / "home", checkout=place / "checkout", venv=venv, account=account) as server:
        url = server.wait_until_ready()
        assert_everything_serves(server, url)
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in processes_of(place / "home")}
        assert owners == {account.pw_uid}
        assert server.stop() == 0
    assert not processes_of(place / "home")


def test_somebody_elses_home_is_one_sentence(home):
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    owner = home.stat()
    os.chown(home, 1, 1)
    try:
        said = refused(home)
    finally:
        os.chown(home, owner.st_uid, owner.st_gid)
    assert re.fullmatch(r"Not started\. .* belongs to daemon, and you are root: start as daemon, .*\n", said)
