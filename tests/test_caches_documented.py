"""Every cache policy stands in docs/caches.md with its name and its TTL, and `manage.py caches` tells all of it."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

from socialnet.kernel.cache import policies
from socialnet.kernel.management.commands.caches import seconds

TABLE = (Path(__file__).parents[1] / "docs" / "caches.md").read_text()


def rows() -> dict[str, list[str]]:
    lines = [line.strip("|").split("|") for line in TABLE.splitlines() if line.startswith("| ")]
    return {
        name.strip(): [cell.strip() for cell in cells] for names, *cells in lines for name in names.split(",")
    }


def test_every_policy_is_in_the_table() -> None:
    call_command("caches", stdout=StringIO())  # every view, and with it every policy, is imported
    written = rows()
    for policy in policies():
        if not policy.name.startswith("test "):
            _key, ttl, l1, *_dropped_by = written[policy.name]
            assert seconds(policy.ttl) in ttl, policy.name
            assert not policy.l1 or l1 == seconds(policy.l1), policy.name


def test_the_command_tells_why_an_l1_is_harmless_and_what_drops_a_value() -> None:
    out = StringIO()
    call_command("caches", stdout=out)
    (author,) = (line for line in out.getvalue().splitlines() if line.startswith("author "))
    assert "30 min" in author and " 2 s " in author
    assert "profile, picture, suspension" in author and "asked of PostgreSQL each time" in author
    for policy in policies():
        assert policy.dropped_by in out.getvalue()
