"""Cases that a group's own moderators decide, until they are the site's. All that is open is the site's."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("groups", "0003_moderated"),
        ("moderation", "0002_screening"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="escalated_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="with the site since"),
        ),
        migrations.AddField(
            model_name="case",
            name="escalation",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reason", "such things go to the site at once"),
                    ("asked", "who reported it wished so"),
                    ("staff", "it is about somebody who moderates the group"),
                    ("time", "the group's moderators did not decide in time"),
                    ("passed", "the group's moderators passed it on"),
                    ("taken", "the site's moderators took it over"),
                    ("gone", "the group is gone, or hidden"),
                    ("screen", "screening holds it, or asks about it"),
                ],
                db_default="",
                default="",
                editable=False,
                max_length=6,
                verbose_name="with the site because",
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="group",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="groups.group",
                verbose_name="group",
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("nothing", "left as it is"),
                    ("warn", "warned"),
                    ("hide", "content hidden"),
                    ("limit", "limited"),
                    ("suspend", "suspended"),
                    ("ban", "banned"),
                    ("remove", "removed from the group"),
                    ("exclude", "banned from the group"),
                    ("gone", "gone meanwhile"),
                ],
                default="",
                max_length=7,
                verbose_name="outcome",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                models.F("group"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("closed_at", None), ("escalated_at", None), ("group__isnull", False)),
                name="case_queue_of_group",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at", None), ("escalated_at", None), ("group__isnull", False)),
                fields=["id"],
                name="case_with_groups",
            ),
        ),
        AddConstraintNotValid(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("escalated_at", None), ("escalation", "")),
                    models.Q(("escalated_at__isnull", False), models.Q(("escalation", ""), _negated=True)),
                    _connector="OR",
                ),
                name="case_escalated_for_a_reason",
            ),
        ),
        ValidateConstraint(model_name="case", name="case_escalated_for_a_reason"),
    ]
