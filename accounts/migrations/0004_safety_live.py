from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside people who read and write."""

    atomic = False
    dependencies = [("accounts", "0004_safety")]

    operations = [
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(
                condition=models.Q(("leaving_since__isnull", False)),
                fields=["leaving_since"],
                name="person_leaving",
            ),
        ),
        ValidateConstraint(model_name="user", name="person_leaving_is_hidden"),
    ]
