"""What screening holds when a group is founded: hidden from everybody but its owner. Made while people join."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("groups", "0003_moderated")]

    operations = [
        migrations.AddField(
            model_name="group",
            name="held_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="held for review"),
        ),
        AddConstraintNotValid(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_at", None), ("hidden_at__isnull", False), _connector="OR"),
                name="group_held_is_hidden",
            ),
        ),
        ValidateConstraint(model_name="group", name="group_held_is_hidden"),
    ]
