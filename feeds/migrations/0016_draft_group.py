"""Drafts for groups: a column and its constraint, step by step as posts got them."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

posts = import_module("feeds.migrations.0013_groups")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("feeds", "0015_shields"), ("groups", "0001_initial")]

    operations = [
        posts.AddColumnAlone(
            model_name="draft",
            name="group",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="groups.group",
            ),
        ),
        migrations.AlterField(
            model_name="draft",
            name="visibility",
            field=models.CharField(
                choices=[(name, name) for name in posts.AUDIENCES],
                default="public",
                max_length=10,
                verbose_name="audience",
            ),
        ),
        posts.RemoveConstraintAlone(model_name="draft", name="draft_visibility_known"),
        posts.AddConstraintAlone(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", posts.AUDIENCES)), name="draft_visibility_known"
            ),
        ),
        posts.ValidateConstraintAlone(model_name="draft", name="draft_visibility_known"),
        posts.AddConstraintAlone(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("group", None), models.Q(("visibility", "group"), _negated=True)),
                    models.Q(("group__isnull", False), ("visibility", "group")),
                    _connector="OR",
                ),
                name="draft_group_is_its_audience",
            ),
        ),
        posts.ValidateConstraintAlone(model_name="draft", name="draft_group_is_its_audience"),
    ]
