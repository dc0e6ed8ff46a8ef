"""Posts in groups: a column, its index and its constraint, made while people post; and the facts that ask about them."""

from importlib import import_module

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
AUDIENCES = ["public", "followers", "friends", "private", "group"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("feeds", "0012_followed_tags"), ("groups", "0001_initial")]

    operations = [
        migrations.AddField(
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
        migrations.RemoveConstraint(model_name="post", name="post_visibility_known"),
        AddConstraintNotValid(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", AUDIENCES)), name="post_visibility_known"
            ),
        ),
        ValidateConstraint(model_name="post", name="post_visibility_known"),
        AddConstraintNotValid(
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
        ValidateConstraint(model_name="post", name="post_group_is_its_audience"),
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                models.F("group"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("deleted_at", None), ("group__isnull", False)),
                name="post_by_group",
            ),
        ),
        migrations.CreateModel(
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
