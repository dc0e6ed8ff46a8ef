import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import socialnet.outbox.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AnswerTemplate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "measure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("warn", "warning"),
                            ("hide", "content hidden"),
                            ("limit", "limited"),
                            ("suspend", "suspended"),
                            ("ban", "banned"),
                        ],
                        default="",
                        max_length=7,
                        verbose_name="for",
                    ),
                ),
                ("words", models.TextField(max_length=1000, verbose_name="words")),
            ],
            options={
                "verbose_name": "template of an answer",
                "verbose_name_plural": "templates of answers",
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Case",
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
                    "target_kind",
                    models.CharField(
                        choices=[
                            ("post", "post"),
                            ("comment", "comment"),
                            ("user", "person"),
                            ("group", "group"),
                        ],
                        max_length=7,
                        verbose_name="about",
                    ),
                ),
                ("target_id", models.BigIntegerField(verbose_name="id")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("spam", "Spam or deceit"),
                            ("harassment", "Harassment or bullying"),
                            ("hate", "Hate against a group of people"),
                            ("violence", "Violence or threats"),
                            ("sexual", "Sexual content"),
                            ("self_harm", "Self-harm"),
                            ("false", "False information that does harm"),
                            ("impersonation", "Somebody else's name or picture"),
                            ("illegal", "Against the law"),
                            ("other", "Something else"),
                        ],
                        max_length=13,
                        verbose_name="first reason",
                    ),
                ),
                ("said", models.TextField(blank=True, default="", verbose_name="what it said")),
                ("reports", models.PositiveIntegerField(default=0, verbose_name="reports")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("nothing", "left as it is"),
                            ("warn", "warned"),
                            ("hide", "content hidden"),
                            ("limit", "limited"),
                            ("suspend", "suspended"),
                            ("ban", "banned"),
                            ("gone", "gone meanwhile"),
                        ],
                        default="",
                        max_length=7,
                        verbose_name="outcome",
                    ),
                ),
                ("answer", models.CharField(blank=True, default="", max_length=1000, verbose_name="answer")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                (
                    "assigned_to",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assigned to",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="closed by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="cases",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "case",
                "verbose_name_plural": "cases",
            },
        ),
        migrations.CreateModel(
            name="Report",
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
                    "reason",
                    models.CharField(
                        choices=[
                            ("spam", "Spam or deceit"),
                            ("harassment", "Harassment or bullying"),
                            ("hate", "Hate against a group of people"),
                            ("violence", "Violence or threats"),
                            ("sexual", "Sexual content"),
                            ("self_harm", "Self-harm"),
                            ("false", "False information that does harm"),
                            ("impersonation", "Somebody else's name or picture"),
                            ("illegal", "Against the law"),
                            ("other", "Something else"),
                        ],
                        max_length=13,
                        verbose_name="reason",
                    ),
                ),
                (
                    "details",
                    models.CharField(blank=True, default="", max_length=1000, verbose_name="details"),
                ),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reported",
                        to="moderation.case",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports_made",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "report",
                "verbose_name_plural": "reports",
            },
        ),
        migrations.CreateModel(
            name="Sanction",
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
                    "measure",
                    models.CharField(
                        choices=[
                            ("warn", "warning"),
                            ("hide", "content hidden"),
                            ("limit", "limited"),
                            ("suspend", "suspended"),
                            ("ban", "banned"),
                        ],
                        max_length=7,
                        verbose_name="measure",
                    ),
                ),
                (
                    "target_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("post", "post"),
                            ("comment", "comment"),
                            ("user", "person"),
                            ("group", "group"),
                        ],
                        default="",
                        max_length=7,
                        verbose_name="about",
                    ),
                ),
                ("target_id", models.BigIntegerField(null=True, verbose_name="id")),
                (
                    "words",
                    models.CharField(
                        blank=True, default="", max_length=1000, verbose_name="words for the person"
                    ),
                ),
                ("until", models.DateTimeField(null=True, verbose_name="until")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("appeal", models.CharField(blank=True, default="", max_length=1000, verbose_name="appeal")),
                ("appealed_at", models.DateTimeField(null=True, verbose_name="appealed")),
                (
                    "answer",
                    models.CharField(
                        blank=True, default="", max_length=1000, verbose_name="answer to the appeal"
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True, verbose_name="answered")),
                ("granted", models.BooleanField(null=True, verbose_name="appeal granted")),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="sanctions",
                        to="moderation.case",
                        verbose_name="case",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sanctions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "sanction",
                "verbose_name_plural": "sanctions",
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.OrderBy(models.F("reports"), descending=True),
                models.F("id"),
                condition=models.Q(("closed_at", None)),
                name="case_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("assigned_to"),
                models.OrderBy(models.F("reports"), descending=True),
                models.F("id"),
                condition=models.Q(("closed_at", None)),
                name="case_queue_of_moderator",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("target_kind"),
                models.OrderBy(models.F("reports"), descending=True),
                models.F("id"),
                condition=models.Q(("closed_at", None)),
                name="case_queue_of_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("reason"),
                models.OrderBy(models.F("reports"), descending=True),
                models.F("id"),
                condition=models.Q(("closed_at", None)),
                name="case_queue_of_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.OrderBy(models.F("closed_at"), descending=True),
                condition=models.Q(("closed_at__isnull", False)),
                name="case_closed",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.F("person"), models.OrderBy(models.F("id"), descending=True), name="case_by_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("target_kind", "target_id"),
                name="case_one_open_per_target",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("outcome", "")),
                    models.Q(("closed_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                    _connector="OR",
                ),
                name="case_closed_with_an_outcome",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                models.F("reporter"),
                models.OrderBy(models.F("id"), descending=True),
                name="report_by_reporter",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(fields=("case", "reporter"), name="report_once_per_case"),
        ),
        migrations.AddIndex(
            model_name="sanction",
            index=models.Index(
                models.F("person"), models.OrderBy(models.F("id"), descending=True), name="sanction_by_person"
            ),
        ),
        migrations.AddIndex(
            model_name="sanction",
            index=models.Index(
                condition=models.Q(("ended_at", None), ("until__isnull", False)),
                fields=["until"],
                name="sanction_due",
            ),
        ),
        migrations.AddIndex(
            model_name="sanction",
            index=models.Index(
                condition=models.Q(("answered_at", None), ("appealed_at__isnull", False)),
                fields=["appealed_at"],
                name="sanction_appeals",
            ),
        ),
        migrations.AddConstraint(
            model_name="sanction",
            constraint=models.CheckConstraint(
                condition=models.Q(("until", None), ("measure__in", ["limit", "suspend"]), _connector="OR"),
                name="sanction_dated_kinds",
            ),
        ),
        migrations.AddConstraint(
            model_name="sanction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("measure", "suspend"), _negated=True), ("until__isnull", False), _connector="OR"
                ),
                name="sanction_suspension_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="sanction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("measure", "hide"), _negated=True),
                    ("target_id__isnull", False),
                    _connector="OR",
                ),
                name="sanction_hides_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="sanction",
            constraint=models.CheckConstraint(
                condition=models.Q(("answered_at", None), ("appealed_at__isnull", False), _connector="OR"),
                name="sanction_answer_after_appeal",
            ),
        ),
    ]
