import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import socialnet.outbox.ids

# Rows come and go by the thousand, and the table is read whole: what is gone must not stay in its way.
VACUUM_OFTEN = """
ALTER TABLE interactions_touched
SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 1)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("feeds", "0007_pull_sources"),
        ("interactions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'", migrations.RunSQL.noop),  # on people and posts
        migrations.CreateModel(
            name="Touched",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("post_id", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "touched post",
                "verbose_name_plural": "touched posts",
            },
        ),
        migrations.CreateModel(
            name="Like",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "post_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True, default=True, verbose_name="stands")),
                ("place", models.BigIntegerField(db_default=socialnet.outbox.ids.NextId(), editable=False)),
                (
                    "post",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="likes",
                        to="feeds.post",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="likes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "like",
                "verbose_name_plural": "likes",
                "indexes": [
                    models.Index(
                        models.F("post"),
                        models.OrderBy(models.F("place"), descending=True),
                        name="like_by_post",
                    ),
                    models.Index(
                        models.F("user"),
                        models.OrderBy(models.F("place"), descending=True),
                        condition=models.Q(("is_active", True)),
                        name="like_newest",
                    ),
                    models.Index(
                        condition=models.Q(("is_active", False)), fields=["place"], name="like_taken_back"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("place__gt", 0), ("place__lt", 9007199254740992)),
                        name="like_place_fits_53_bits",
                    )
                ],
            },
        ),
        migrations.RunSQL(VACUUM_OFTEN, migrations.RunSQL.noop),
    ]
