"""Writes the list of error codes that the API may answer."""

import inspect
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from socialnet.kernel.errors import DomainError
from socialnet.kernel.rest.exceptions import documented_errors

HEAD = """# Error codes of the API

Every error is `application/problem+json` (RFC 9457); `code` is stable, the sentences may change.
Written by `manage.py api_errors --file docs/api-errors.md`; a test compares.

| status | code | sentence | meaning |
|---|---|---|---|
"""


def as_markdown() -> str:
    kinds = sorted(documented_errors(), key=lambda kind: (kind.status, kind.code))
    return HEAD + "".join(f"{_row(kind)}\n" for kind in kinds)


def _row(kind: type[DomainError]) -> str:
    meaning = inspect.cleandoc(vars(kind).get("__doc__") or "").replace("\n", " ")
    return f"| {kind.status} | `{kind.code}` | {kind.sentence} | {meaning} |".replace("|  |", "| |")


class Command(BaseCommand):
    help = "Print the API's error codes as Markdown, or write them with --file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"]:
            options["file"].write_text(as_markdown())
            self.stdout.write(f"{len(documented_errors())} codes written to {options['file']}")
        else:
            self.stdout.write(as_markdown(), ending="")
