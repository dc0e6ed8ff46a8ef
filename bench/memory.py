"""Memory of a process and everything below it: what is shared between them is counted in parts (PSS)."""

from collections import defaultdict
from pathlib import Path


def megabytes(pid: int) -> tuple[float, int]:
    """PSS of the tree under `pid` in MB, and how many processes it has; Linux only, elsewhere (0, 0)."""
    tree = _tree(pid)
    return sum(_pss(member) for member in tree) / 1024, len(tree)


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended
        children[int(fields[1])].append(int(status.parent.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children[found[-1]]
    return found if Path(f"/proc/{pid}").exists() else []


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
