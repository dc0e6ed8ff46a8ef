"""COPY into PostgreSQL out of an iterator of rows."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from feeds.graph.progress import Stage

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy(
    table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, stage: Stage | None = None
) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, _Stream(rows, stage))


class _Stream:
    """What psycopg2 reads from."""

    def __init__(self, rows: Iterable[Sequence[Any]], stage: Stage | None) -> None:
        self.rows: Iterator[Sequence[Any]] = iter(rows)
        self.stage = stage

    def read(self, size: int) -> str:
        """About `size` characters of whole rows; psycopg2 takes more as well."""
        lines: list[str] = []
        length = 0
        for row in self.rows:
            line = "\t".join(map(_field, row)) + "\n"
            lines.append(line)
            length += len(line)
            if length >= size:
                break
        if self.stage:
            self.stage.step(len(lines))
        return "".join(lines)


def _field(value: Any) -> str:
    if type(value) is str:
        return value.translate(_ESCAPES) if any(mark in value for mark in "\\\t\n\r") else value
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return value.isoformat() if isinstance(value, datetime) else str(value)
