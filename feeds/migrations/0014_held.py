"""What screening holds until moderators look: hidden from everybody but its author. Made while people post."""

from importlib import import_module

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

before = import_module("feeds.migrations.0013_groups")
# As it was, and what is held stands for its author.
PAGE_FACTS = before.PAGE_FACTS.replace(
    "p.deleted_at IS NULL AND p.hidden_at IS NULL, p.deleted_at IS NOT NULL,",
    "p.deleted_at IS NULL AND (p.hidden_at IS NULL OR p.held_at IS NOT NULL AND p.author_id = asked_by),\n"
    "        p.deleted_at IS NOT NULL,",
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("feeds", "0013_groups")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="held_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="held for review"),
        ),
        migrations.AddField(
            model_name="post",
            name="is_announced",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        AddConstraintNotValid(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_at", None), ("hidden_at__isnull", False), _connector="OR"),
                name="post_held_is_hidden",
            ),
        ),
        ValidateConstraint(model_name="post", name="post_held_is_hidden"),
        migrations.RunSQL(PAGE_FACTS, before.PAGE_FACTS),
    ]
