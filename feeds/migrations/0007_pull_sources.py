"""Authors who are merged on read. The table is new and small: nobody waits."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feeds", "0006_previews_are_asked_for")]

    operations = [
        migrations.CreateModel(
            name="PullSource",
            fields=[
                ("author_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("since_id", models.BigIntegerField()),
                ("entered_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("leaving_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "author merged on read",
                "verbose_name_plural": "authors merged on read",
            },
        ),
    ]
