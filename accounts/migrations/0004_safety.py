import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_known_devices"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="EmailChange",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="email_change",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="new address")),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("new_confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("old_confirmed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "change of address",
                "verbose_name_plural": "change of address",
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "being made"),
                            ("ready", "ready"),
                        ],
                        default="asked",
                        max_length=6,
                    ),
                ),
                ("file", models.CharField(blank=True, default="", editable=False, max_length=200)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "archive",
                "verbose_name_plural": "archives",
            },
        ),
        migrations.AddField(
            model_name="user",
            name="leaving_since",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="leaving since"),
        ),
        AddConstraintNotValid(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("leaving_since", None), ("suspended_at__isnull", False), _connector="OR"),
                name="person_leaving_is_hidden",
            ),
        ),
        migrations.AddIndex(
            model_name="emailchange",
            index=models.Index(fields=["asked_at"], name="email_change_due"),
        ),
        migrations.AddField(
            model_name="export",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="export",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(fields=["expires_at"], name="export_expiry"),
        ),
    ]
