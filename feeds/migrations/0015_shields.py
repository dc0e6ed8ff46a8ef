"""Keyword filters, and numbers of each day: new tables alone."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

ACTIONS = [("hide", "Hide it"), ("fold", "Fold it away")]
PLACES = ["home", "threads", "notifications"]


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("feeds", "0013_groups"),
    ]

    operations = [
        migrations.CreateModel(
            name="StatsBatch",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"verbose_name": "batch of counts", "verbose_name_plural": "batches of counts"},
        ),
        migrations.CreateModel(
            name="DailyFeedStats",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("shown", models.PositiveIntegerField(db_default=0, default=0)),
                ("filtered", models.PositiveIntegerField(db_default=0, default=0)),
                ("impressions", models.PositiveIntegerField(db_default=0, default=0)),
                ("followers", models.PositiveIntegerField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="daily_feed_stats",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "numbers of a day",
                "verbose_name_plural": "numbers of a day",
                "indexes": [models.Index(fields=["day"], name="daily_stats_day")],
            },
        ),
        migrations.CreateModel(
            name="KeywordFilter",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("slot", models.PositiveSmallIntegerField(editable=False)),
                ("phrase", models.CharField(max_length=100, verbose_name="words")),
                (
                    "whole_word",
                    models.BooleanField(db_default=True, default=True, verbose_name="whole words only"),
                ),
                (
                    "action",
                    models.CharField(choices=ACTIONS, db_default="hide", default="hide", max_length=4),
                ),
                (
                    "places",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=13), size=None, verbose_name="where"
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="ends")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keyword_filters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "keyword filter",
                "verbose_name_plural": "keyword filters",
                "indexes": [
                    models.Index(
                        models.F("user"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="filter_newest",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "slot"), name="filter_slot_once"),
                    models.UniqueConstraint(fields=("user", "phrase"), name="filter_phrase_once"),
                    models.CheckConstraint(
                        condition=models.Q(("slot__range", (1, 500))), name="filter_slots"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("phrase", ""), _negated=True), name="filter_has_words"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["hide", "fold"])), name="filter_action_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("places__contained_by", PLACES), models.Q(("places", []), _negated=True)
                        ),
                        name="filter_places_known",
                    ),
                ],
            },
        ),
    ]
