"""Tags are given counts and followers on a live site: beside people who write, and again where it stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

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
    "feeds_hashtagcounts_hashtag_id_98af8a4c_fk_feeds_hashtag_id",
    "feeds_hashtagcounts_pkey",
    "feeds_hashtagcounts_posts_check",
    "feeds_tagfollow_hashtag_id_9dbd4ca3",
    "feeds_tagfollow_hashtag_id_9dbd4ca3_fk_feeds_hashtag_id",
    "feeds_tagfollow_pkey",
    "feeds_tagfollow_user_id_5f52fb7c_fk_accounts_user_id",
    "followed_tag",
    "hashtag_id",
    "is_counted",
    "post_id",
]


def run(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(step, "BATCH", 10)
    run(SITE)
    yield
    run("RESET search_path; DROP SCHEMA before_tags CASCADE")


def migrate() -> None:
    run("SET search_path TO before_tags")
    states = MigrationExecutor(connection).loader.project_state([("feeds", "0011_page_facts")])
    migration = step.Migration("0012_followed_tags", "feeds")
    with connection.schema_editor(atomic=migration.atomic) as editor:
        migration.apply(states, editor)


def made() -> list[str]:
    return [row[0] for row in run(MADE)]


def test_it_makes_what_it_made_when_it_was_one_transaction(site: None) -> None:
    migrate()
    assert made() == WHAT_IT_MAKES
    run("SET search_path TO public")
    assert set(WHAT_IT_MAKES[1:]) <= set(made())


@contextmanager
def held(table: str) -> Iterator[None]:
    """Somebody else holds `table` meanwhile."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"BEGIN; LOCK TABLE before_tags.{table} IN ROW EXCLUSIVE MODE")
        yield
    finally:
        other.close()


@pytest.mark.parametrize("table", ["feeds_hashtag", "feeds_posthashtag", "accounts_user"])
def test_it_keeps_nobody_waiting_and_goes_on_where_it_stopped(
    site: None, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "PATIENCE", "200ms")
    with held(table), pytest.raises(OperationalError, match="lock timeout"):
        migrate()
    migrate()
    assert made() == WHAT_IT_MAKES
    migrate()
    assert made() == WHAT_IT_MAKES


def test_a_post_that_is_published_meanwhile_waits_for_it_in_no_circle(site: None) -> None:
    tag_is_written, post_may_go_on = Event(), Event()

    def publish() -> None:
        run("SET search_path TO before_tags")
        with transaction.atomic():
            run("INSERT INTO feeds_hashtag (id, name, display) VALUES (100, 'fog', 'fog')")
            tag_is_written.set()
            post_may_go_on.wait(timeout=2)  # the migration is at the tables by then
            run("INSERT INTO feeds_posthashtag (hashtag_id, post_id) VALUES (100, 7)")

    def change() -> None:
        tag_is_written.wait(timeout=20)
        migrate()

    acts: list[Callable[[], Any]] = [publish, change]
    at_once(*acts)
    assert made() == ["counts of 26", *WHAT_IT_MAKES[1:]]
    assert run("SELECT is_counted FROM feeds_posthashtag WHERE hashtag_id = 100") == [(False,)]
