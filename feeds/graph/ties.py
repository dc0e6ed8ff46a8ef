"""Reads the file: gzipped TSV, one tie a line, `a<TAB>b`. A tie is two follows, one in each direction."""

import gzip
import re
from array import array
from dataclasses import dataclass
from pathlib import Path

from feeds.graph.errors import GraphError

_TIE = re.compile(rb"(\d{1,12})\t(\d{1,12})")
_BROKEN = (OSError, EOFError, gzip.BadGzipFile)


@dataclass(frozen=True)
class Ties:
    """`nodes` are the file's own numbers, ascending; `ones` and `others` are places in `nodes`, pairwise tied."""

    nodes: list[int]
    ones: "array[int]"
    others: "array[int]"

    def __len__(self) -> int:
        return len(self.ones)

    def degrees(self) -> list[int]:
        """How many ties each node has: as many followers, and as many followed."""
        degrees = [0] * len(self.nodes)
        for places in (self.ones, self.others):
            for place in places:
                degrees[place] += 1
        return degrees


def read_ties(path: Path) -> Ties:
    """Raises `GraphError` for a file that is not what it should be."""
    pairs = _pairs(path)
    nodes = sorted({node for pair in pairs for node in pair})
    place = {node: index for index, node in enumerate(nodes)}
    return Ties(
        nodes, array("l", (place[one] for one, _ in pairs)), array("l", (place[other] for _, other in pairs))
    )


def _pairs(path: Path) -> set[tuple[int, int]]:
    pairs = set()
    try:
        with gzip.open(path) as lines:
            for number, line in enumerate(lines, start=1):
                match = _TIE.fullmatch(line.strip())
                if match is None:
                    raise GraphError(f"Line {number} of {path} is not `a<TAB>b` with two whole numbers.")
                one, other = int(match[1]), int(match[2])
                if one != other:
                    pairs.add((min(one, other), max(one, other)))
    except _BROKEN as error:
        raise GraphError(f"{path} cannot be read as gzip: {error}") from error
    if not pairs:
        raise GraphError(f"{path} has no tie in it.")
    return pairs
