"""Indexes and constraints of the new columns, made while people post."""

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

SHARED_ONCE = """
CREATE UNIQUE INDEX CONCURRENTLY post_shared_once ON feeds_post (author_id, share_of_id)
WHERE content = '' AND share_of_id IS NOT NULL AND NOT with_media AND deleted_at IS NULL
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("feeds", "0003_posts_people_really_write")]

    operations = [
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                models.F("author"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("deleted_at", None), ("with_media", True)),
                name="post_with_media_by_author",
            ),
        ),
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                models.F("share_of"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("deleted_at", None), ("share_of__isnull", False)),
                name="post_by_shared",
            ),
        ),
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                models.F("preview"), condition=models.Q(("preview__isnull", False)), name="post_by_preview"
            ),
        ),
        AddConstraintNotValid(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("content", ""), _negated=True),
                    ("with_media", True),
                    ("share_of__isnull", False),
                    _connector="OR",
                ),
                name="post_says_something",
            ),
        ),
        AddConstraintNotValid(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("share_of", None), models.Q(("share_of", models.F("id")), _negated=True), _connector="OR"
                ),
                name="post_shares_another",
            ),
        ),
        AddConstraintNotValid(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(("via", None), ("share_of__isnull", False), _connector="OR"),
                name="post_via_belongs_to_a_share",
            ),
        ),
        ValidateConstraint(model_name="post", name="post_says_something"),
        ValidateConstraint(model_name="post", name="post_shares_another"),
        ValidateConstraint(model_name="post", name="post_via_belongs_to_a_share"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SHARED_ONCE, "DROP INDEX CONCURRENTLY post_shared_once")],
            state_operations=[
                migrations.AddConstraint(
                    model_name="post",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(
                            ("content", ""),
                            ("share_of__isnull", False),
                            ("with_media", False),
                            ("deleted_at", None),
                        ),
                        fields=("author", "share_of"),
                        name="post_shared_once",
                    ),
                ),
            ],
        ),
    ]
