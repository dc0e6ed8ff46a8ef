"""Tags are given counts and followers on a live site: beside people who write, and again where it stopped."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connections
from django.db.migrations.loader import MigrationLoader

from accounts.tests.test_follow_races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
step = import_module("feeds.migrations.0012_followed_tags")

# A site as it was before, beside the one of the tests.
SITE = (
    """
CREATE SCHEMA before_tags;
CREATE TABLE before_tags.accounts_user (LIKE public.accounts_user INCLUDING ALL);
CREATE TABLE before_tags.feeds_hashtag (LIKE public.feeds_hashtag INCLUDING ALL);
CREATE TABLE before_tags.feeds_posthashtag (LIKE public.feeds_posthashtag INCLUDING ALL);
ALTER TABLE before_tags.feeds_posthashtag DROP COLUMN is_counted;
SET search_path TO before_tags;
INSERT INTO feeds_hashtag (id, name, display) SELECT id, 'tag' || id, 'tag' || id FROM generate_series(1, 25) id;
INSERT INTO feeds_posthashtag (hashtag_id, post_id) SELECT id, 1 FROM feeds_hashtag;
"""
    + step.before.PAGE_FACTS
)
MADE = """
SELECT conname FROM pg_constraint WHERE contype <> 'n'
    AND conrelid IN ('feeds_hashtagcounts'::regclass, 'feeds_tagfollow'::regclass)
UNION ALL SELECT indexrelid::regclass::text FROM pg_index
    WHERE indrelid = 'feeds_tagfollow'::regclass AND NOT indisprimary
UNION ALL SELECT attname FROM pg_attribute
    WHERE attrelid = 'feeds_posthashtag'::regclass AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'followed_tag' FROM pg_proc
    WHERE oid = 'feeds_page_facts'::regproc AND 'followed_tag' = ANY(proargnames)
UNION ALL SELECT 'counts of ' || count(*) FROM feeds_hashtagcounts WHERE posts = 0
ORDER BY 1
"""
WHAT_IT_MAKES = [
    "counts of 25",
    "feeds_hashtagcounts_hashtag_id_8d4b68dd_fk_feeds_hashtag_id",
    "feeds_hashtagcounts_pkey",
    "feeds_hashtagcounts_posts_check",
    "feeds_tagfollow_hashtag_id_a8b735e8",
    "feeds_tagfollow_hashtag_id_a8b735e8_fk_feeds_hashtag_id",
    "feeds_tagfollow_pkey",
    "feeds_tagfollow_user_id_5a45a8b3_fk_accounts_user_id",
    "followed_tag",
    "hashtag_id",
    "is_counted",
    "post_id",
]


@contextmanager
def owner(schema: str = "before_tags") -> Iterator[Any]:
    """A connection of the role that shapes tables."""
    alias = f"owner_{uuid4().hex}"
    connections[alias] = one = connections["owner"].copy(alias)
    one.settings_dict["NAME"] = connections["default"].settings_dict["NAME"]
    try:
        run(one, f"SET search_path TO {schema}")
        yield one
    finally:
        one.close()
        del connections[alias]


def run(one: Any, statement: str) -> list[Any]:
    with one.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(step, "BATCH", 10)
    with owner() as one:
        run(one, SITE)
        try:
            yield one
        finally:
            run(one, "DROP SCHEMA before_tags CASCADE")


def migrate(one: Any) -> None:
    states = MigrationLoader(None).project_state([("feeds", "0011_page_facts")])
    migration = step.Migration("0012_followed_tags", "feeds")
    with one.schema_editor(atomic=migration.atomic) as editor:
        migration.apply(states, editor)


def made(one: Any) -> list[str]:
    return [row[0] for row in run(one, MADE)]


def test_it_makes_what_it_made_when_it_was_one_transaction(site: Any) -> None:
    migrate(site)
    assert made(site) == WHAT_IT_MAKES
    with owner("public") as one:  # as whoever has it already
        assert set(WHAT_IT_MAKES[1:]) <= set(made(one))


@contextmanager
def held(table: str) -> Iterator[None]:
    """Somebody else writes to `table` meanwhile."""
    with owner() as other:
        run(other, f"BEGIN; LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("table", ["feeds_hashtag", "feeds_posthashtag", "accounts_user"])
def test_it_keeps_nobody_waiting_and_goes_on_where_it_stopped(
    site: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "PATIENCE", "200ms")
    with held(table), pytest.raises(OperationalError, match="lock timeout"):
        migrate(site)
    migrate(site)
    assert made(site) == WHAT_IT_MAKES
    migrate(site)
    assert made(site) == WHAT_IT_MAKES


def test_a_post_that_is_published_meanwhile_waits_for_it_in_no_circle(site: Any) -> None:
    tag_is_written = Event()

    def publish() -> None:
        with owner() as one:
            run(one, "BEGIN; INSERT INTO feeds_hashtag (id, name, display) VALUES (100, 'fog', 'fog')")
            tag_is_written.set()
            time.sleep(0.5)  # the migration waits by then
            run(one, "INSERT INTO feeds_posthashtag (hashtag_id, post_id) VALUES (100, 7); COMMIT")

    def change() -> None:
        tag_is_written.wait(timeout=20)
        with owner() as one:
            migrate(one)

    at_once(publish, change)
    assert made(site) == ["counts of 26", *WHAT_IT_MAKES[1:]]
    assert run(site, "SELECT is_counted FROM feeds_posthashtag WHERE hashtag_id = 100") == [(False,)]
