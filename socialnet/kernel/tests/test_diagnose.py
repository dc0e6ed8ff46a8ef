"""`manage.py diagnose queries`, and that no value ever comes out of a statement."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any

import psycopg2
import psycopg2.extras
import pytest
from django.core.management import call_command
from django.db import connection, connections

from socialnet.kernel import diagnoses
from socialnet.kernel.statements import LONGEST, plan_of, shape

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "s3cret"
DOOR = ("user", "host", "port", "dbname")


def queries() -> str:
    out = StringIO()
    call_command("diagnose", "queries", stdout=out)
    assert SECRET not in out.getvalue()
    return out.getvalue()


def connect(*, as_owner: bool = False) -> Any:
    """A connection of its own, as another process has one."""
    params = connections["owner" if as_owner else "default"].get_connection_params()
    known = {name: params[name] for name in ("user", "password", "host", "port") if name in params}
    name = connections["default"].settings_dict["NAME"]
    return closing(psycopg2.connect(**known, dbname=name, application_name="neighbour"))


def asynchronous(like: Any) -> Any:
    """Another one, whose statements nobody waits for."""
    known = {name: value for name, value in like.get_dsn_parameters().items() if name in DOOR}
    neighbour = psycopg2.connect(**known, async_=1)
    psycopg2.extras.wait_select(neighbour)
    return closing(neighbour)


@contextmanager
def planted(*statements: str) -> Iterator[Any]:
    """A table that only this test knows, made by the owner."""
    with connect(as_owner=True) as owner:
        owner.autocommit = True
        cursor = owner.cursor()
        try:
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT 1")  # what was counted is told when the next statement ends
            yield cursor
        finally:
            cursor.execute("DROP TABLE IF EXISTS planted, pg_stat_statements CASCADE")


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (
            f"SELECT * FROM feeds_post WHERE content = '{SECRET}'",
            "SELECT * FROM feeds_post WHERE content = ?",
        ),
        (f"SELECT '{SECRET}''s', \"a\"\"b\".c", 'SELECT ?, "a""b".c'),
        (rf"SELECT E'it\'s {SECRET}', x", "SELECT ?, x"),
        (rf"SELECT 'a\', '{SECRET}'", r"SELECT ?, …"),
        (f"SELECT $$ {SECRET} $$, $tag$ '{SECRET} $$ $tag$, $1, t1.col2", "SELECT ?, …, $1, t1.col2"),
        ("SELECT x WHERE id IN (1, 2.5, 3e7, -4)", "SELECT x WHERE id IN (?, …, -?)"),
        (f"SELECT 1 -- {SECRET}\n , 0x1F /* {SECRET} */", "SELECT ?, …"),
        (f"SELECT U&'{SECRET}', B'1', N'{SECRET}'", "SELECT ?, …"),
        (f"SELECT x WHERE y = '{SECRET}", "SELECT x WHERE y = ?"),
        (rf"SELECT E'{SECRET}" + "\\", "SELECT E?"),
        (f"SELECT $a$ {SECRET}", "SELECT ?"),
        (f"SELECT x /* {SECRET}", "SELECT x"),
    ],
)
def test_a_statement_is_shown_without_its_values(statement: str, shown: str) -> None:
    assert shape(statement) == shown


def test_a_long_statement_is_cut() -> None:
    assert len(shape("SELECT " + "column_name, " * 100)) == LONGEST + 1


def test_a_plan_has_steps_and_no_values() -> None:
    plan = plan_of(f"SELECT * FROM accounts_user WHERE bio = '{SECRET}' ORDER BY id")
    assert plan is not None and plan.scanned == ["accounts_user"]
    assert any("on accounts_user" in step for step in plan.steps)
    assert SECRET not in str(plan)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1; DELETE FROM accounts_user",
        "SELECT ';'; SELECT 1 --",
        "VACUUM",
        "SET x = 1",
        "SELECT * FROM nowhere",
        "SELECT " + "1, " * 1000 + "1",
        "",
    ],
)
def test_what_cannot_safely_be_planned_is_not(statement: str) -> None:
    assert plan_of(statement) is None


def test_planning_runs_nothing() -> None:
    with planted("CREATE TABLE planted (x int)", "GRANT ALL ON planted TO PUBLIC") as owner:
        assert plan_of("INSERT INTO planted VALUES (1);") is not None
        owner.execute("SELECT count(*) FROM planted")
        assert owner.fetchone() == (0,)


def test_without_pg_stat_statements_it_says_so() -> None:
    said = queries()
    assert "pg_stat_statements is not installed here" in said
    assert "Tables and indexes" in said and "Running now" in said


def test_with_pg_stat_statements_the_costliest_come_first_with_their_plans() -> None:
    """A table in its place: what the view says, without the library that fills it."""
    with planted(
        "CREATE TABLE planted AS SELECT generate_series(1, 20000) AS x",
        "ANALYZE planted",
        "CREATE TABLE pg_stat_statements AS SELECT oid AS dbid, query, 10::bigint AS calls, total_exec_time,"
        " total_exec_time / 10 AS mean_exec_time, 5::bigint AS rows FROM pg_database,"
        " (VALUES ('SELECT * FROM accounts_user WHERE id = $1', 1000::float8),"
        f" ('SELECT * FROM planted WHERE x <> 77 OR $1 = ''{SECRET}''', 9000)) s (query, total_exec_time)"
        " WHERE datname = current_database()",
        "GRANT SELECT ON planted, pg_stat_statements TO PUBLIC",
    ):
        said = queries()
    assert said.index("9.0 s") < said.index("1.0 s")
    assert "10 × 900.0 ms, 5 rows" in said and "WHERE x <> ? OR $1 = ?" in said
    if connection.pg_version >= 160000:
        assert "Seq Scan on planted" in said
        assert "reads all of planted (20,000 rows): is there an index for its conditions?" in said
        assert "on accounts_user by accounts_user_pkey" in said


def test_an_unreadable_view_is_said() -> None:
    with planted("CREATE TABLE pg_stat_statements (dbid oid)"):
        assert "cannot be read" in queries()


def test_a_running_statement_is_shown_with_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnoses, "LONG_STATEMENT", 0)
    with connect() as other, asynchronous(other) as neighbour:
        neighbour.cursor().execute(f"SELECT pg_sleep(2) FROM (SELECT '{SECRET}' AS x) y")
        said = _until("runs for", queries)
    assert "SELECT pg_sleep(?) FROM (SELECT ? AS x) y" in said and "Result: 1 rows" in said


def test_a_transaction_that_idles_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnoses, "LONG_TRANSACTION", 0)
    with connect() as neighbour:
        neighbour.cursor().execute(f"SELECT '{SECRET}'")
        said = queries()
    assert "idle in transaction for" in said and "neighbour (pid" in said and "pg_terminate_backend(" in said


def test_who_waits_for_whose_lock_is_shown() -> None:
    with connect() as holder, asynchronous(holder) as waiter:
        holder.cursor().execute("SELECT pg_advisory_xact_lock(4711)")
        waiter.cursor().execute("SELECT pg_advisory_xact_lock(4711)")
        said = _until("waits for a lock", queries)
        holder.rollback()
    assert (
        "held by neighbour (pid" in said and "SELECT pg_advisory_xact_lock(?)" in said and "4711" not in said
    )


def _until(words: str, look: Any, tries: int = 20) -> str:
    """What `look` says as soon as it says `words`."""
    for _ in range(tries):
        if words in (said := look()):
            break
    return said


def test_tables_and_indexes_that_cost_are_shown() -> None:
    with planted(
        "CREATE TABLE planted (x int, y int) WITH (autovacuum_enabled = off)",
        "INSERT INTO planted SELECT n, n FROM generate_series(1, 60000) n",
        "CREATE INDEX planted_y ON planted (y)",
        "DELETE FROM planted WHERE x <= 20000",
        *["SELECT sum(x) FROM planted"] * 12,
    ):
        said = queries()
    assert "read from end to end" in said and "planted" in said and "a page needs an index" in said
    assert "unused index" in said and "planted_y" in said
    assert "dead rows" in said and "never vacuumed" in said
