"""Posts, then drafts, are given groups on a live site: beside people who write, and again where it stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from django.db import OperationalError
from django.db.migrations.loader import MigrationLoader

from feeds.tests.test_tag_migration import owner, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
posts = import_module("feeds.migrations.0013_groups")
drafts = import_module("feeds.migrations.0016_draft_group")
SCHEMA = "before_groups"
OLD = "CHECK (visibility IN ('public', 'followers', 'friends', 'private'))"

# A site as it was before, beside the one of the tests.
SITE = f"""
CREATE SCHEMA {SCHEMA};
CREATE TABLE {SCHEMA}.accounts_user (LIKE public.accounts_user INCLUDING ALL);
CREATE TABLE {SCHEMA}.groups_group (LIKE public.groups_group INCLUDING ALL);
CREATE TABLE {SCHEMA}.feeds_post (LIKE public.feeds_post INCLUDING ALL);
CREATE TABLE {SCHEMA}.feeds_draft (LIKE public.feeds_draft INCLUDING ALL);
ALTER TABLE {SCHEMA}.feeds_post DROP COLUMN group_id, DROP CONSTRAINT post_visibility_known,
    ADD CONSTRAINT post_visibility_known {OLD};
ALTER TABLE {SCHEMA}.feeds_draft DROP COLUMN group_id, DROP CONSTRAINT draft_visibility_known,
    ADD CONSTRAINT draft_visibility_known {OLD};
SET search_path TO {SCHEMA};
INSERT INTO feeds_post (id, author_id, content, html, visibility, language)
    SELECT id, 1, 'Hello', 'Hello', 'public', '' FROM generate_series(1, 25) id;
""" + posts.before.PAGE_FACTS.replace("DROP FUNCTION feeds_page_facts(bigint, bigint[]);", "")
MADE = """
SELECT conname || ' ' || convalidated || ' ' || (pg_get_constraintdef(oid) LIKE '%''group''%')
    FROM pg_constraint WHERE contype = 'c' AND conname ~ '_(visibility_known|group_is_its_audience)$'
    AND conrelid IN ('feeds_post'::regclass, 'feeds_draft'::regclass)
UNION ALL SELECT conname FROM pg_constraint
    WHERE contype <> 'n' AND conrelid = to_regclass('feeds_grouppin')
UNION ALL SELECT 'index ' || indisvalid || ' ' || (pg_get_indexdef(indexrelid) LIKE '%group_id, id DESC%')
    FROM pg_index WHERE indexrelid = to_regclass('post_by_group')
UNION ALL SELECT attrelid::regclass || ' ' || attname || ' ' || attnotnull FROM pg_attribute
    WHERE attrelid IN ('feeds_post'::regclass, 'feeds_draft'::regclass) AND attname = 'group_id'
UNION ALL SELECT 'group_status' FROM pg_proc
    WHERE oid = 'feeds_page_facts'::regproc AND 'group_status' = ANY(proargnames)
UNION ALL SELECT count(*) || ' posts' FROM feeds_post
ORDER BY 1
"""
WHAT_IT_MAKES = [
    "25 posts",
    "feeds_grouppin_group_id_df7c30cf_fk_groups_group_id",
    "feeds_grouppin_pkey",
    "feeds_grouppin_post_id_89e2eeb7_fk_feeds_post_id",
    "feeds_post group_id false",
    "group_status",
    "index true true",
    "post_group_is_its_audience true true",
    "post_visibility_known true true",
]
AND_OF_DRAFTS = [
    "draft_group_is_its_audience true true",
    "draft_visibility_known true true",
    "feeds_draft group_id false",
]
MIGRATIONS = {
    "0013_groups": (posts, [("feeds", "0012_followed_tags"), ("groups", "0001_initial")]),
    "0016_draft_group": (drafts, [("feeds", "0013_groups")]),
}


@pytest.fixture
def site() -> Iterator[Any]:
    with owner(SCHEMA) as one:
        run(one, SITE)
        try:
            yield one
        finally:
            run(one, f"DROP SCHEMA {SCHEMA} CASCADE")


def migrate(one: Any, *names: str) -> None:
    for name in names or MIGRATIONS:
        module, before = MIGRATIONS[name]
        migration = module.Migration(name, "feeds")
        with one.schema_editor(atomic=migration.atomic) as editor:
            migration.apply(MigrationLoader(None).project_state(before), editor)


def made(one: Any) -> list[str]:
    return sorted(row[0] for row in run(one, MADE))


def test_it_makes_what_it_made_when_nothing_could_be_repeated(site: Any) -> None:
    migrate(site, "0013_groups")
    assert made(site) == sorted([*WHAT_IT_MAKES, "draft_visibility_known true false"])
    migrate(site, "0016_draft_group")
    everything = sorted([*WHAT_IT_MAKES, *AND_OF_DRAFTS])
    assert made(site) == everything
    with owner("public") as one:  # as whoever has it already
        assert set(everything[1:]) <= set(made(one))


@contextmanager
def held(table: str) -> Iterator[None]:
    """Somebody else writes to `table` meanwhile."""
    with owner(SCHEMA) as other:
        run(other, f"BEGIN; LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("feeds_post", "0013_groups"),
        ("groups_group", "0013_groups"),
        ("feeds_draft", "0016_draft_group"),
    ],
)
def test_it_keeps_nobody_waiting_and_goes_on_where_it_stopped(
    site: Any, table: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts.before, "PATIENCE", "200ms")
    if name != "0013_groups":
        migrate(site, "0013_groups")
    with held(table), pytest.raises(OperationalError, match="lock timeout"):
        migrate(site, name)
    for _twice in range(2):
        migrate(site)
        assert made(site) == sorted([*WHAT_IT_MAKES, *AND_OF_DRAFTS])


@pytest.mark.parametrize("step", range(9))
def test_it_may_stop_after_any_step(site: Any, step: int) -> None:
    module, before = MIGRATIONS["0013_groups"]
    state = MigrationLoader(None).project_state(before)
    with site.schema_editor(atomic=False) as editor:
        for operation in module.Migration.operations[: step + 1]:
            old = state.clone()
            operation.state_forwards("feeds", state)
            operation.database_forwards("feeds", editor, old, state)
    for _twice in range(2):
        migrate(site)
        assert made(site) == sorted([*WHAT_IT_MAKES, *AND_OF_DRAFTS])


def test_an_index_that_was_broken_off_is_made_anew(site: Any) -> None:
    migrate(site)
    run(site, "DROP INDEX post_by_group; SET statement_timeout = '500ms'")
    with held("feeds_post"), pytest.raises(OperationalError, match="statement timeout"):
        migrate(site, "0013_groups")
    assert "index false true" in made(site)
    run(site, "SET statement_timeout = 0")
    migrate(site, "0013_groups")
    assert made(site) == sorted([*WHAT_IT_MAKES, *AND_OF_DRAFTS])
