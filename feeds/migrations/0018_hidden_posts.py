"""Single posts that people hid from themselves: a new table alone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import socialnet.outbox.ids


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("feeds", "0017_hidden_groups"),
    ]

    operations = [
        migrations.CreateModel(
            name="HiddenPost",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        db_default=socialnet.outbox.ids.NextId(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hidden_posts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hidden_by",
                        to="feeds.post",
                    ),
                ),
            ],
            options={
                "verbose_name": "hidden post",
                "verbose_name_plural": "hidden posts",
                "indexes": [
                    models.Index(
                        models.F("user"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="hidden_post_newest",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("user", "post"), name="hidden_post_once")],
            },
        ),
    ]
