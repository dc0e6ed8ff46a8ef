"""The index of follows that do not count, made while people follow."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0005_moderation")]

    operations = [
        AddIndexConcurrently(
            model_name="follow",
            index=models.Index(
                condition=models.Q(("is_counted", False)), fields=["id"], name="follow_uncounted"
            ),
        ),
    ]
