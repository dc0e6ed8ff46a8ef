"""What screening is set to and finds; and which cases it asked for, made while people report."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import socialnet.outbox.ids

# As they are set at first; `moderation.screening.rules` says what they mean.
RULES = (
    ("too_fast", "shadow", "hold", 8, 2),
    ("same_text", "shadow", "hold", 4, 60),
    ("links_new_account", "shadow", "hold", 1, None),
    ("blocked_words", "on", "hold", None, None),
    ("blocked_domains", "on", "refuse", None, None),
    ("mass_mentions", "shadow", "hold", 10, None),
    ("classifier", "shadow", "flag", 80, None),
)


def seed(apps: Any, schema_editor: Any) -> None:
    rule_model = apps.get_model("moderation", "ScreeningRule")
    rows = [
        rule_model(id=rule, mode=mode, outcome=outcome, threshold=threshold, minutes=minutes)
        for rule, mode, outcome, threshold, minutes in RULES
    ]
    rule_model.objects.using(schema_editor.connection.alias).bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0006_follow_uncounted"),
        ("moderation", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HeldProfile",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="held_profile",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("fields", models.JSONField()),
            ],
            options={
                "verbose_name": "profile that waits for review",
                "verbose_name_plural": "profiles that wait for review",
            },
        ),
        migrations.CreateModel(
            name="ScreeningResult",
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
                ("target_kind", models.CharField(max_length=7, verbose_name="kind")),
                ("target_id", models.BigIntegerField(null=True, verbose_name="id")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("allow", "let through"),
                            ("flag", "let through, with a case"),
                            ("hold", "held for review"),
                            ("refuse", "refused"),
                        ],
                        max_length=6,
                        verbose_name="outcome",
                    ),
                ),
                ("hits", models.JSONField(default=list, verbose_name="rules")),
                ("signal", models.FloatField(null=True, verbose_name="classifier")),
                ("text_hash", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "screening result",
                "verbose_name_plural": "screening results",
            },
        ),
        migrations.CreateModel(
            name="ScreeningRule",
            fields=[
                (
                    "id",
                    models.CharField(max_length=30, primary_key=True, serialize=False, verbose_name="rule"),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("off", "off"), ("shadow", "in shadow"), ("on", "on")],
                        max_length=6,
                        verbose_name="mode",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("allow", "let through"),
                            ("flag", "let through, with a case"),
                            ("hold", "held for review"),
                            ("refuse", "refused"),
                        ],
                        max_length=6,
                        verbose_name="outcome",
                    ),
                ),
                ("threshold", models.PositiveIntegerField(null=True, verbose_name="threshold")),
                ("minutes", models.PositiveIntegerField(null=True, verbose_name="minutes")),
                (
                    "entries",
                    models.TextField(
                        blank=True, default="", max_length=20000, verbose_name="words or domains, one a line"
                    ),
                ),
            ],
            options={
                "verbose_name": "screening rule",
                "verbose_name_plural": "screening rules",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="case",
            name="is_screened",
            field=models.BooleanField(db_default=False, default=False, verbose_name="from screening"),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                models.OrderBy(models.F("reports"), descending=True),
                models.F("id"),
                condition=models.Q(("closed_at", None), ("is_screened", True)),
                name="case_queue_of_screening",
            ),
        ),
        migrations.AddField(
            model_name="screeningresult",
            name="author",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="screened",
                to=settings.AUTH_USER_MODEL,
                verbose_name="author",
            ),
        ),
        migrations.AddField(
            model_name="screeningresult",
            name="case",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="screened",
                to="moderation.case",
                verbose_name="case",
            ),
        ),
        migrations.AddConstraint(
            model_name="screeningrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["off", "shadow", "on"])), name="screening_rule_mode_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="screeningrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["allow", "flag", "hold", "refuse"])),
                name="screening_rule_outcome_known",
            ),
        ),
        migrations.AddIndex(
            model_name="screeningresult",
            index=models.Index(
                condition=models.Q(("target_id__isnull", False)),
                fields=["target_kind", "target_id"],
                name="screening_by_target",
            ),
        ),
        migrations.AddIndex(
            model_name="screeningresult",
            index=models.Index(
                models.F("author"),
                models.OrderBy(models.F("id"), descending=True),
                name="screening_by_author",
            ),
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
