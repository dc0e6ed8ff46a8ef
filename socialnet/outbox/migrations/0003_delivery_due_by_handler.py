from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Nobody waits for it: the new index is there before the old one goes, both without a lock."""

    atomic = False
    dependencies = [("outbox", "0002_delivery_claimed_by")]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", 0)),
                fields=["handler", "leased_until", "id"],
                name="delivery_due_by_handler",
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_due"),
    ]
