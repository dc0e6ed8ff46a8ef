""".env.example names every setting that the code reads, each with a line of help, and no other."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from socialnet.settings import limits

CHECKOUT = Path(__file__).resolve().parents[1]
READS = re.compile(
    r"""(?:\benv(?:\.\w+)?|\brequired|\bdatabase|environ\.get|environ\.setdefault|\btold\.get)\(\s*["']([A-Z][A-Z_]+)["']"""
)
READ_BY_SCRIPTS = {"PYTHON", "SOCIALNET_VENV", "SOCIALNET_HOME"}
READ_BY_LIBRARIES = {"PROMETHEUS_MULTIPROC_DIR"}
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "NO_COLOR", "TERM"}


def settings_read() -> set[str]:
    sources = [*CHECKOUT.glob("socialnet/settings/*.py"), *CHECKOUT.glob("socialnet/embedded/*.py")]
    found = {name for source in sources for name in READS.findall(source.read_text())}
    found |= {row.variable for row in limits.TABLE}
    return (found | READ_BY_SCRIPTS | READ_BY_LIBRARIES) - NOT_OURS


def documented() -> list[tuple[str, str]]:
    """Each name with the line above it."""
    lines = (CHECKOUT / ".env.example").read_text().splitlines()
    return [
        (match[1], above) for above, line in pairwise(lines) if (match := re.match(r"#([A-Z][A-Z_]+)=", line))
    ]


def test_every_setting_is_in_the_example_and_every_one_there_is_read():
    assert settings_read() == {name for name, _ in documented()}


def test_no_setting_is_named_twice():
    names = [name for name, _ in documented()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "help_line"), documented())
def test_each_has_a_line_of_help(name, help_line):
    assert re.fullmatch(r"# .{10,118}", help_line), f"{name} has no line of help above it"
