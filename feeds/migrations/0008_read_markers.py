"""How far people have read in their homes. The table is new: nobody waits."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feeds", "0007_pull_sources")]

    operations = [
        migrations.CreateModel(
            name="ReadMarker",
            fields=[
                ("user_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last_read_id", models.BigIntegerField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "read position",
                "verbose_name_plural": "read positions",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_read_id__gt", 0)), name="read_marker_is_an_id"
                    )
                ],
            },
        ),
    ]
