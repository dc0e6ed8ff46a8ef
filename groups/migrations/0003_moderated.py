"""Of how much members hear; and that moderators may hide a group. The index and the constraint come while people join."""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("groups", "0002_cover"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="group",
            name="hidden_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="hidden"),
        ),
        migrations.AddField(
            model_name="membership",
            name="notify",
            field=models.CharField(
                choices=[
                    ("all", "Every post"),
                    ("important", "Who names or answers me"),
                    ("none", "Nothing"),
                ],
                db_default="important",
                default="important",
                max_length=9,
                verbose_name="news",
            ),
        ),
        AddIndexConcurrently(
            model_name="membership",
            index=models.Index(
                condition=models.Q(("notify", "all"), ("status", "active")),
                fields=["group", "user"],
                name="membership_hearing_all",
            ),
        ),
        AddConstraintNotValid(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("notify__in", ["all", "important", "none"])),
                name="membership_notify_known",
            ),
        ),
        ValidateConstraint(model_name="membership", name="membership_notify_known"),
    ]
