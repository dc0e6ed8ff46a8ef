"""Comments that screening holds until moderators look. Made while people comment."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("interactions", "0004_withheld")]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="held_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="held for review"),
        ),
        migrations.AddField(
            model_name="comment",
            name="is_announced",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        AddConstraintNotValid(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_at", None), ("withheld_at__isnull", False), _connector="OR"),
                name="comment_held_is_withheld",
            ),
        ),
        ValidateConstraint(model_name="comment", name="comment_held_is_withheld"),
    ]
