"""SQL that somebody else ran, without the values it carried: its shape, and how it would be planned."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection, transaction

from socialnet.kernel.redis import loads

LONGEST = 240  # characters of a statement that are shown
_GENERIC_SINCE = 160000  # EXPLAIN (GENERIC_PLAN) came with PostgreSQL 16

# A statement may be cut anywhere: what is open at its end counts as a value.
_TOKENS = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<value> [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)
             | \$(?P<tag>[A-Za-z_]*)\$.*?(?:\$(?P=tag)\$|\Z) | \d[\w.]* )
  | (?P<name> "(?:[^"]|"")*(?:"|\Z) | [^\W\d][\w$]* | \$\d+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_LISTS = re.compile(r"\?(?:\s*,\s*\?)+")
_READS_OR_WRITES = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Plan:
    """How a statement would be run, a line per step, and the tables that it would read from end to end."""

    steps: list[str]
    scanned: list[str]


def shape(statement: str) -> str:
    """`statement` on one line, with `?` in the place of every value."""
    line = " ".join(_LISTS.sub("?, …", bare(statement)).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def bare(statement: str) -> str:
    """`statement` with `?` in the place of every value, and without comments."""
    return _TOKENS.sub(_without_value, statement)


def _without_value(token: re.Match[str]) -> str:
    if token["value"] is not None:
        return "?"
    return token["name"] or " "


def plan_of(statement: str) -> Plan | None:
    """How PostgreSQL would run `statement`, which is not run; None when that cannot be told."""
    if not _is_whole(statement):
        return None
    options = "FORMAT JSON"
    if re.search(r"\$\d", statement):
        if _version() < _GENERIC_SINCE:
            return None
        options += ", GENERIC_PLAN"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
            cursor.execute(f"EXPLAIN ({options}) {statement}")
            explained = cursor.fetchone()[0]
            transaction.set_rollback(True)
    except DatabaseError:
        return None
    root = (loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    nodes = list(_nodes(root, depth=0))
    return Plan(
        steps=[_step(node, depth) for node, depth in nodes],
        scanned=[node["Relation Name"] for node, _depth in nodes if node["Node Type"] == "Seq Scan"],
    )


def _version() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int")
        return int(cursor.fetchone()[0])


def _is_whole(statement: str) -> bool:
    """One statement, not cut, of a kind that can be explained: what stands behind a `;` would be run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'track_activity_query_size'")
        longest = cursor.fetchone()[0]
    if len(statement.encode()) >= longest - 1 or not _READS_OR_WRITES.match(statement):
        return False
    return ";" not in bare(statement).strip().removesuffix(";")


def _nodes(node: dict[str, Any], *, depth: int) -> Iterator[tuple[dict[str, Any], int]]:
    yield node, depth
    for child in node.get("Plans", []):
        yield from _nodes(child, depth=depth + 1)


def _step(node: dict[str, Any], depth: int) -> str:
    """The kind of a step and what it reads; never its conditions, which quote values."""
    on = f" on {node['Relation Name']}" if "Relation Name" in node else ""
    by = f" by {node['Index Name']}" if "Index Name" in node else ""
    return f"{'  ' * depth}{node['Node Type']}{on}{by}: {node['Plan Rows']:,} rows, cost {node['Total Cost']:,.0f}"
