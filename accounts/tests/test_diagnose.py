"""`manage.py diagnose counts` and `graph` for people: each is planted, shown, mended, and gone."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from accounts import actions
from accounts.models import Activity, Block, Follow, Mute, PersonCounts, User
from accounts.tests.factories import PASSWORD, blocks, counts_of, follows, person
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


class Town:
    def __init__(self) -> None:
        self.ada, self.ben, self.cleo = (person(name) for name in ("ada", "ben", "cleo"))
        follows(self.ben, self.ada)


@pytest.fixture
def town() -> Town:
    return Town()


def diagnose(*words: str, fails: bool = False) -> str:
    out = StringIO()
    if fails:
        with pytest.raises(CommandError) as failure:
            call_command("diagnose", *words, stdout=out)
        return f"{out.getvalue()}{failure.value}"
    call_command("diagnose", *words, stdout=out)
    return out.getvalue()


def as_owner(*statements: str) -> None:
    params: dict[str, Any] = connections["owner"].get_connection_params()
    known = {name: params[name] for name in ("user", "password", "host", "port") if name in params}
    with closing(psycopg2.connect(**known, dbname=connections["default"].settings_dict["NAME"])) as owner:
        owner.autocommit = True
        for statement in statements:
            owner.cursor().execute(statement)


@contextmanager
def without(table: str, constraint: str, check: str) -> Iterator[None]:
    as_owner(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
    try:
        yield
    finally:
        as_owner(f"DELETE FROM {table}", f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({check})")


def lose_rows(town: Town) -> None:
    PersonCounts.objects.filter(pk=town.ada.pk).delete()
    Activity.objects.filter(pk=town.ada.pk).delete()


def gone(town: Town, **fields: object) -> None:
    User.objects.filter(pk=town.ada.pk).update(is_active=False)


def holds_though_gone(town: Town) -> None:
    Block.objects.create(blocker=town.cleo, blocked=town.ben)
    Mute.objects.create(muter=town.ben, muted=town.cleo)
    User.objects.filter(pk=town.cleo.pk).update(is_active=False)


PLANTS: dict[tuple[str, str], Callable[[Town], object]] = {
    ("counts", "kept 9 and 0, the rows say 1 and 0"): lambda town: PersonCounts.objects.filter(
        pk=town.ada.pk
    ).update(followers=9),
    ("counts", "no counts and activity"): lose_rows,
    ("graph", "kept 9 and 0, the rows say 1 and 0"): lambda town: PersonCounts.objects.filter(
        pk=town.ada.pk
    ).update(followers=9),
    ("graph", "@ada blocked the other"): lambda town: blocks(town.ada, town.ben),
    ("graph", "@ben blocked the other"): lambda town: blocks(town.ben, town.ada),
    ("graph", "nothing is on its way to let them in"): lambda town: follows(
        town.cleo, town.ada, pending=True
    ),
    ("graph", "one of them left"): gone,
    ("graph", "it should have gone when one of them left"): holds_though_gone,
}


@pytest.mark.parametrize(("subject", "words"), PLANTS)
def test_what_contradicts_is_said_and_mended(town: Town, subject: str, words: str) -> None:
    diagnose(subject)
    PLANTS[subject, words](town)
    said = diagnose(subject, fails=True)
    assert words in said and "wrong" in said
    assert "done: " in diagnose(subject, "--repair")
    diagnose(subject)
    diagnose("counts")


def test_the_verbs_that_mend_keep_counts_right(town: Town) -> None:
    blocks(town.ada, town.ben)
    follows(town.cleo, town.ben, pending=True)
    diagnose("graph", "--repair")
    assert not Follow.objects.filter(follower=town.ben).exists()
    assert Follow.objects.get(follower=town.cleo).is_active
    assert (counts_of(town.ada), counts_of(town.ben), counts_of(town.cleo)) == ((0, 0), (1, 0), (0, 1))


def test_what_a_block_leaves_of_a_deleted_person_goes_too(town: Town) -> None:
    blocks(town.ben, town.ada)
    gone(town)
    diagnose("graph", "--repair")
    assert not Follow.objects.exists() and counts_of(town.ben) == (0, 0)


@pytest.mark.parametrize(
    ("table", "constraint", "columns"),
    [
        ("accounts_follow", "follow_not_self", ("follower", "followee")),
        ("accounts_block", "block_not_self", ("blocker", "blocked")),
        ("accounts_mute", "mute_not_self", ("muter", "muted")),
    ],
)
def test_nobody_stays_with_themselves(
    town: Town, table: str, constraint: str, columns: tuple[str, str]
) -> None:
    one, other = columns
    model = {"accounts_follow": Follow, "accounts_block": Block, "accounts_mute": Mute}[table]
    with without(table, constraint, f"NOT ({one}_id = {other}_id)"):
        model.objects.create(**{one: town.cleo, other: town.cleo})
        assert "the table has lost its CHECK" in diagnose("graph", fails=True)
        diagnose("graph", "--repair")
        assert not model.objects.filter(**{one: town.cleo}).exists()
        assert counts_of(town.cleo) == (0, 0)


def test_what_is_on_its_way_is_not_wrong(town: Town) -> None:
    User.objects.filter(pk=town.ada.pk).update(is_private=True)
    follows(town.cleo, town.ada, pending=True)
    actions.set_privacy(user=town.ada, is_private=False)
    assert "its delivery to accounts.let_in_waiting is still open" in diagnose("graph")
    drain()
    actions.delete_person(user=town.ada, password=PASSWORD)
    assert "is still open" in diagnose("graph")
    Delivery.objects.filter(handler="accounts.end_follows_of_deleted").update(state=Delivery.State.DEAD)
    assert "dead letter" in diagnose("graph", fails=True)
    assert "done: " in diagnose("graph", "--repair")
