"""Tags that people follow, and how many posts carry each: made while people post.

Each step is a transaction of its own, which gives up after a few seconds rather than keep people waiting behind it:
then `migrate` is run again and goes on from there. What is there is counted by the nightly job, or at once by
`manage.py diagnose counts --repair`.
"""

from importlib import import_module
from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models, transaction

before = import_module("feeds.migrations.0011_page_facts")
PATIENCE = "5s"
BATCH = 5000
COUNTS_OF_WHAT_IS_THERE = """
WITH page AS (
    SELECT id FROM feeds_hashtag WHERE id > %(after)s ORDER BY id LIMIT %(most)s
), made AS (
    INSERT INTO feeds_hashtagcounts (hashtag_id, posts) SELECT id, 0 FROM page ON CONFLICT DO NOTHING
)
SELECT max(id) FROM page
"""


# As it was, and the followed tag for which a post belongs: only where its author is neither followed nor the viewer.
PAGE_FACTS = """
DROP FUNCTION feeds_page_facts(bigint, bigint[]);
CREATE FUNCTION feeds_page_facts(asked_by bigint, asked_for bigint[]) RETURNS TABLE (
    id bigint, author_id bigint, visibility text, share_of_id bigint, via_id bigint,
    stands boolean, gone boolean, is_share boolean, author_stands boolean, author_is_private boolean,
    viewer_id bigint, viewer_stands boolean,
    follows boolean, followed_back boolean, blocked boolean, muted boolean, is_shared boolean, is_pinned boolean,
    followed_tag text
) LANGUAGE plpgsql STABLE ROWS 25 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    wanted bigint[] := asked_for || ARRAY(
        SELECT unnest(ARRAY[s.share_of_id, s.via_id, shared.share_of_id]) FROM feeds_post s
        LEFT JOIN feeds_post shared ON shared.id = s.share_of_id AND s.content = '' AND NOT s.with_media
        WHERE s.id = ANY(asked_for) AND s.share_of_id IS NOT NULL);
BEGIN
    RETURN QUERY
    SELECT p.id, p.author_id, p.visibility::text, p.share_of_id, p.via_id,
        p.deleted_at IS NULL AND p.hidden_at IS NULL, p.deleted_at IS NOT NULL,
        p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media,
        a.suspended_at IS NULL AND a.is_active, a.is_private,
        v.id, v.suspended_at IS NULL AND v.is_active,
        r.follows, r.followed_back, r.blocked, r.muted, r.is_shared, r.is_pinned,
        CASE WHEN NOT r.follows AND a.id <> v.id THEN (
            SELECT h.display FROM feeds_posthashtag t
            JOIN feeds_tagfollow f ON f.user_id = v.id AND f.hashtag_id = t.hashtag_id
            JOIN feeds_hashtag h ON h.id = t.hashtag_id
            WHERE t.post_id = p.id ORDER BY t.hashtag_id LIMIT 1
        ) END::text
    FROM feeds_post p
    JOIN accounts_user a ON a.id = p.author_id
    LEFT JOIN accounts_user v ON v.id = asked_by
    CROSS JOIN LATERAL (SELECT
        EXISTS (SELECT 1 FROM accounts_follow
            WHERE follower_id = v.id AND followee_id = a.id AND status = 'active') AS follows,
        EXISTS (SELECT 1 FROM accounts_follow
            WHERE follower_id = a.id AND followee_id = v.id AND status = 'active') AS followed_back,
        EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = v.id AND blocked_id = a.id)
            OR EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = a.id AND blocked_id = v.id) AS blocked,
        EXISTS (SELECT 1 FROM accounts_mute WHERE muter_id = v.id AND muted_id = a.id
            AND (until IS NULL OR until > clock_timestamp())) AS muted,
        EXISTS (SELECT 1 FROM feeds_post s WHERE s.author_id = v.id AND s.share_of_id = p.id
            AND s.content = '' AND NOT s.with_media AND s.deleted_at IS NULL) AS is_shared,
        EXISTS (SELECT 1 FROM feeds_pin WHERE post_id = p.id) AS is_pinned
        OFFSET 0
    ) r
    WHERE p.id = ANY(wanted);
END
$$
"""


class Alone:
    """An operation in a transaction of its own: it holds no lock while another waits. What it made it leaves alone."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        run = super().database_forwards  # type: ignore[misc]
        if schema_editor.collect_sql:
            return run(app_label, schema_editor, from_state, to_state)
        connection = schema_editor.connection
        if self.is_made(connection.introspection, connection.cursor()):
            return None
        with transaction.atomic(using=connection.alias), connection.schema_editor(atomic=False) as own:
            own.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            run(app_label, own, from_state, to_state)
        return None


class CreateModelAlone(Alone, migrations.CreateModel):
    def is_made(self, introspection: Any, cursor: Any) -> bool:
        return f"feeds_{self.name_lower}" in introspection.table_names(cursor)


class AddFieldAlone(Alone, migrations.AddField):
    def is_made(self, introspection: Any, cursor: Any) -> bool:
        columns = introspection.get_table_description(cursor, f"feeds_{self.model_name_lower}")
        return self.name in {column.name for column in columns}


def count_what_is_there(_apps: Any, schema_editor: Any) -> None:
    """A row of counts for each tag, a batch at a time; those that have one keep it."""
    after: int | None = 0
    with schema_editor.connection.cursor() as cursor:
        while after is not None:
            cursor.execute(COUNTS_OF_WHAT_IS_THERE, {"after": after, "most": BATCH})
            (after,) = cursor.fetchone()


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("feeds", "0011_page_facts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModelAlone(
            name="HashtagCounts",
            fields=[
                (
                    "hashtag",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="counts",
                        serialize=False,
                        to="feeds.hashtag",
                    ),
                ),
                ("posts", models.PositiveIntegerField(db_default=0, default=0)),
            ],
        ),
        AddFieldAlone(
            model_name="posthashtag",
            name="is_counted",
            field=models.BooleanField(db_default=False, default=False),
        ),
        CreateModelAlone(
            name="TagFollow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "hashtag_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (  # before the tag: people are locked first everywhere
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tag_follows",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "hashtag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follows",
                        to="feeds.hashtag",
                    ),
                ),
            ],
        ),
        migrations.RunPython(count_what_is_there, migrations.RunPython.noop),
        migrations.RunSQL(
            PAGE_FACTS, "DROP FUNCTION feeds_page_facts(bigint, bigint[]);" + before.PAGE_FACTS
        ),
    ]
