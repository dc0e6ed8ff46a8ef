"""Posts in groups: a column, its index and its constraint, made while people post; and the facts that ask about them.

Step by step, as the one before it: each gives up after a few seconds rather than keep people waiting behind it, and
`migrate` goes on from there when it is run again. Only the index waits for as long as it must: nobody waits for it.
"""

from importlib import import_module
from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

before = import_module("feeds.migrations.0012_followed_tags")
# As it was, and in which group a post is, whether everybody may read that, and what the viewer is in it.
PAGE_FACTS = (
    before.PAGE_FACTS.replace(
        "followed_tag text\n)",
        "followed_tag text, group_id bigint, group_is_open boolean, group_status text\n)",
    )
    .replace(
        "END::text\n    FROM feeds_post p",
        "END::text,\n        p.group_id, g.privacy = 'public' AND g.deleted_at IS NULL, m.status::text\n    FROM feeds_post p",
    )
    .replace(
        "LEFT JOIN accounts_user v ON v.id = asked_by\n",
        "LEFT JOIN accounts_user v ON v.id = asked_by\n"
        "    LEFT JOIN groups_group g ON g.id = p.group_id\n"
        "    LEFT JOIN groups_membership m ON m.group_id = p.group_id AND m.user_id = v.id\n",
    )
)
_CONSTRAINT = """
SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.conrelid = %s::regclass AND c.conname = %s
"""
_INVALID_INDEX = "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
AUDIENCES = ["public", "followers", "friends", "private", "group"]


class AddColumnAlone(before.Alone, migrations.AddField):
    """A foreign key whose column is named after it."""

    def is_made(self, introspection: Any, cursor: Any) -> bool:
        columns = introspection.get_table_description(cursor, f"feeds_{self.model_name_lower}")
        return f"{self.name}_id" in {column.name for column in columns}


class OfConstraint(before.Alone):
    def is_made(self, _introspection: Any, cursor: Any) -> bool:
        name = self.constraint_name if hasattr(self, "constraint_name") else self.name
        cursor.execute(_CONSTRAINT, [f"feeds_{self.model_name.lower()}", name])
        found = cursor.fetchone()
        return self.is_so(found[0] if found else None)


class RemoveConstraintAlone(OfConstraint, migrations.RemoveConstraint):
    """Removes it as it was before there were groups; the one in its place stays."""

    def is_so(self, definition: str | None) -> bool:
        return definition is None or "'group'" in definition


class AddConstraintAlone(OfConstraint, AddConstraintNotValid):
    constraint_name = property(lambda self: self.constraint.name)

    def is_so(self, definition: str | None) -> bool:
        return definition is not None


class ValidateConstraintAlone(OfConstraint, ValidateConstraint):
    def is_so(self, definition: str | None) -> bool:
        return definition is not None and not definition.endswith("NOT VALID")


class AddIndexAgain(AddIndexConcurrently):
    """What an attempt that was broken off left of it is no use, and goes first."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if not schema_editor.collect_sql:
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(_INVALID_INDEX, [self.index.name])
                found = cursor.fetchone()
                if found and not found[0]:
                    return
                if found:
                    cursor.execute(f"DROP INDEX CONCURRENTLY {self.index.name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("feeds", "0012_followed_tags"), ("groups", "0001_initial")]

    operations = [
        AddColumnAlone(
            model_name="post",
            name="group",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="posts",
                to="groups.group",
                verbose_name="group",
            ),
        ),
        migrations.AlterField(
            model_name="post",
            name="visibility",
            field=models.CharField(
                choices=[(name, name) for name in AUDIENCES],
                default="public",
                max_length=10,
                verbose_name="audience",
            ),
        ),
        RemoveConstraintAlone(model_name="post", name="post_visibility_known"),
        AddConstraintAlone(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", AUDIENCES)), name="post_visibility_known"
            ),
        ),
        ValidateConstraintAlone(model_name="post", name="post_visibility_known"),
        AddConstraintAlone(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("group", None), models.Q(("visibility", "group"), _negated=True)),
                    models.Q(("group__isnull", False), ("visibility", "group")),
                    _connector="OR",
                ),
                name="post_group_is_its_audience",
            ),
        ),
        ValidateConstraintAlone(model_name="post", name="post_group_is_its_audience"),
        AddIndexAgain(
            model_name="post",
            index=models.Index(
                models.F("group"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("deleted_at", None), ("group__isnull", False)),
                name="post_by_group",
            ),
        ),
        before.CreateModelAlone(
            name="GroupPin",
            fields=[
                (
                    "post",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="group_pin",
                        serialize=False,
                        to="feeds.post",
                    ),
                ),
                ("pinned_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="groups.group"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(PAGE_FACTS, before.PAGE_FACTS),
    ]
