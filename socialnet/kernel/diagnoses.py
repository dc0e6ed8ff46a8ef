"""What costs PostgreSQL time: statements, and what its own statistics say of tables, indexes and connections.

Values never come out: statements are shown by their shape, plans without their conditions.
"""

from collections.abc import Iterator
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection, transaction

from socialnet.kernel.diagnosing import Case, Finding, Told, diagnosis
from socialnet.kernel.statements import plan_of, shape

LARGE_TABLE = 10_000  # rows
LARGE_INDEX = 1024 * 1024  # bytes
LONG_STATEMENT = 1  # seconds
LONG_TRANSACTION = 60
MOST = 10
_REFUSED = "<insufficient privilege>"

_STATEMENTS = """
SELECT query, calls, total_exec_time, mean_exec_time, rows FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC LIMIT %(most)s
"""
_SCANNED = """
SELECT relname, seq_scan, seq_tup_read / seq_scan, n_live_tup FROM pg_stat_user_tables
WHERE n_live_tup >= %(large)s AND seq_scan >= 10 AND seq_tup_read / seq_scan >= %(large)s
ORDER BY seq_tup_read DESC LIMIT %(most)s
"""
# Unique indexes and those of constraints have work to do that is no scan.
_UNUSED = """
SELECT s.indexrelname, s.relname, pg_size_pretty(pg_relation_size(s.indexrelid)) FROM pg_stat_user_indexes s
JOIN pg_index i USING (indexrelid)
WHERE s.idx_scan = 0 AND NOT i.indisunique AND pg_relation_size(s.indexrelid) >= %(large)s
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = s.indexrelid)
ORDER BY pg_relation_size(s.indexrelid) DESC LIMIT %(most)s
"""
_DEAD = """
SELECT relname, n_dead_tup, n_live_tup, greatest(last_vacuum, last_autovacuum)::timestamp(0) FROM pg_stat_user_tables
WHERE n_dead_tup >= 1000 AND n_dead_tup > n_live_tup * 0.2 ORDER BY n_dead_tup DESC LIMIT %(most)s
"""
_OTHERS = """
SELECT pid, coalesce(application_name, ''), coalesce(state, ''), coalesce(query, ''),
    coalesce(extract(epoch FROM clock_timestamp() - xact_start)::int, 0),
    coalesce(extract(epoch FROM clock_timestamp() - query_start)::int, 0),
    coalesce(wait_event_type, '') = 'Lock', pg_blocking_pids(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
ORDER BY xact_start NULLS LAST
"""


class Other:
    """Another connection to this database."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        (
            self.pid,
            self.name,
            self.state,
            self.query,
            self.in_transaction,
            self.at_it,
            self.waits,
            self.blockers,
        ) = row

    @property
    def who(self) -> str:
        return f"{self.name or 'somebody'} (pid {self.pid})"

    @property
    def shape(self) -> str:
        return "a statement of another role" if self.query == _REFUSED else shape(self.query)


@diagnosis("queries", title="Statements by total time")
def statements(_case: Case) -> Iterator[Told]:
    if not _one("SELECT to_regclass('pg_stat_statements') IS NOT NULL"):
        yield (
            "pg_stat_statements is not installed here, so nobody has counted statements; below stands what"
            " PostgreSQL counts by itself, and what runs now."
        )
        return
    try:
        with transaction.atomic():
            rows = _rows(_STATEMENTS, most=MOST)
    except DatabaseError:
        yield "pg_stat_statements is there and cannot be read: it has to be in shared_preload_libraries."
        return
    yield f"Counted since {_counted_since()}. For the last hour alone: pg_stat_statements_reset(), and look in an hour."
    for query, calls, total, mean, returned in rows:
        yield Finding(
            f"{total / 1000:,.1f} s",
            f"{calls:,} × {mean:,.1f} ms, {returned:,} rows",
            f"{shape(query)}{_advice(query)}",
            wrong=False,
        )


@diagnosis("queries", title="Running now")
def running(_case: Case) -> Iterator[Told]:
    others = {other.pid: other for other in map(Other, _rows(_OTHERS))}
    for other in others.values():
        if other.waits:
            yield _waiting(other, others)
        elif other.state == "active" and other.at_it >= LONG_STATEMENT:
            advice = "" if other.query == _REFUSED else _advice(other.query)
            yield Finding(f"runs for {other.at_it} s", other.who, f"{other.shape}{advice}", wrong=False)
        elif other.state.startswith("idle in transaction") and other.in_transaction >= LONG_TRANSACTION:
            yield Finding(
                f"idle in transaction for {other.in_transaction} s",
                other.who,
                "it keeps its locks, and vacuum from clearing up after everybody: end it with"
                f" pg_terminate_backend({other.pid}); it last ran {other.shape}",
                wrong=False,
            )
        elif other.state == "active" and other.in_transaction >= LONG_TRANSACTION:
            yield Finding(f"transaction of {other.in_transaction} s", other.who, other.shape, wrong=False)


@diagnosis("queries", title="Tables and indexes")
def tables(_case: Case) -> Iterator[Told]:
    yield f"Counted since {_since('SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()')}."
    for table, scans, each, living in _rows(_SCANNED, large=LARGE_TABLE, most=MOST):
        yield Finding(
            "read from end to end",
            table,
            f"{scans:,} times, {each:,} rows each, of {living:,}: nightly jobs may; a page needs an index",
            wrong=False,
        )
    for index, table, size in _rows(_UNUSED, large=LARGE_INDEX, most=MOST):
        yield Finding(
            "unused index",
            index,
            f"{size} on {table}, never read since then: every write pays for it; drop it if that was long enough",
            wrong=False,
        )
    for table, dead, living, vacuumed in _rows(_DEAD, most=MOST):
        last = f"last vacuumed {vacuumed}" if vacuumed else "never vacuumed"
        yield Finding(
            "dead rows",
            table,
            f"{dead:,} beside {living:,} living, {last}: look for long transactions above, then VACUUM {table}",
            wrong=False,
        )


def _waiting(other: Other, others: dict[int, Other]) -> Finding:
    blockers = [others[pid] for pid in other.blockers if pid in others]
    by = "; ".join(f"{blocker.who}, {blocker.state}: {blocker.shape}" for blocker in blockers)
    return Finding(
        f"waits for a lock for {other.at_it} s",
        other.who,
        f"{other.shape}; held by {by or 'somebody who is gone by now'}",
        wrong=False,
    )


def _advice(query: str) -> str:
    """The plan on lines of their own, and what it says against the statement."""
    plan = plan_of(query)
    if plan is None:
        return "\n(no plan: cut, not explainable, or with parameters that PostgreSQL before 16 cannot plan)"
    sizes = dict(
        _rows(
            "SELECT relname, reltuples::bigint FROM pg_class WHERE oid = ANY(%(tables)s::regclass[])",
            tables=plan.scanned,
        )
        if plan.scanned
        else []
    )
    large = [table for table in dict.fromkeys(plan.scanned) if sizes.get(table, 0) >= LARGE_TABLE]
    said = [
        f"reads all of {table} ({sizes[table]:,} rows): is there an index for its conditions?"
        for table in large
    ]
    return "".join(f"\n{line}" for line in [*plan.steps, *said])


def _counted_since() -> str:
    if not _one("SELECT to_regclass('pg_stat_statements_info') IS NOT NULL"):
        return "it was installed"
    return _since("SELECT stats_reset FROM pg_stat_statements_info")


def _since(statement: str) -> str:
    moment = _one(statement)
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "counting began"


def _one(statement: str) -> Any:
    return _rows(statement)[0][0]


def _rows(statement: str, **params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return list(cursor.fetchall())
