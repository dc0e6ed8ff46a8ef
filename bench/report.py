"""Figures as tables for people and as JSON for the next run."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from socialnet.embedded.home import CHECKOUT

Row = dict[str, Any]


@dataclass
class Report:
    name: str
    machine: dict[str, str]
    tables: dict[str, list[Row]] = field(default_factory=dict)
    invariants: list[str] | None = None  # what does not hold; None where nothing was there to check
    seconds: float = 0

    def add(self, table: str, **row: Any) -> None:
        self.tables.setdefault(table, []).append(row)

    def print(self) -> None:
        print(f"\nscript/bench {self.name}: {', '.join(self.machine.values())}")
        for title, rows in self.tables.items():
            print(f"\n{title}\n{table(rows)}")
        for sentence in self.invariants or ():
            print(f"\nBROKEN  {sentence}")
        checked = (
            "" if self.invariants is None else f"; invariants: {'broken' if self.invariants else 'all hold'}"
        )
        print(f"\nTook {self.seconds} s{checked}.")

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.__dict__, indent=2, ensure_ascii=False) + "\n")


def table(rows: Sequence[Row]) -> str:
    """Markdown, aligned, so that it can be pasted into docs/benchmarks.md."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_shown(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    lines = [_line(line, widths) for line in cells]
    return "\n".join([lines[0], _line(["-" * width for width in widths], widths), *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cells[0].ljust(widths[0]),
        *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)),
    ]
    return f"| {' | '.join(padded)} |"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return (
            f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"
        )
    return f"{value:,}" if isinstance(value, int) else str(value)


def percentiles(values: Sequence[float], *wanted: int) -> list[float]:
    if len(values) == 1:
        return [values[0]] * len(wanted)
    cuts = quantiles(values, n=100, method="inclusive")
    return [cuts[percent - 1] for percent in wanted]


def machine() -> dict[str, str]:
    """What the figures were measured on, and of which commit."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "cpu": f"{os.cpu_count()} × {_cpu()}",
        "python": f"Python {platform.python_version()}",
        "load": f"load {os.getloadavg()[0]:.1f} before",
    }


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "no git"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
