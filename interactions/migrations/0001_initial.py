import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import socialnet.outbox.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("feeds", "0004_posts_indexes"),
        ("outbox", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Bookmark",
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
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bookmarks", to="feeds.post"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bookmarks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "bookmark",
                "verbose_name_plural": "bookmarks",
                "indexes": [
                    models.Index(
                        models.F("user"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="bookmark_newest",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("user", "post"), name="bookmark_once")],
            },
        ),
    ]
