import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import socialnet.outbox.ids

EPOCH_MILLISECONDS = 1_704_067_200_000  # 2024-01-01, see socialnet.outbox.ids

ID_FUNCTIONS = f"""
CREATE SEQUENCE socialnet_id_sequence AS bigint CYCLE;
CREATE FUNCTION socialnet_id_at(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (floor(extract(epoch FROM moment) * 1000)::bigint - {EPOCH_MILLISECONDS}) << 12
$$;
CREATE FUNCTION socialnet_next_id() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT socialnet_id_at(clock_timestamp()) | (nextval('socialnet_id_sequence') & 4095)
$$;
"""
DROP_ID_FUNCTIONS = """
DROP FUNCTION socialnet_next_id();
DROP FUNCTION socialnet_id_at(timestamptz);
DROP SEQUENCE socialnet_id_sequence;
"""


def grant_to_application(apps, schema_editor):
    """The application's role may work with rows, of the tables that are and of those to come, and nothing else."""
    role = schema_editor.quote_name(settings.DATABASES["default"]["USER"])
    for statement in (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        "GRANT USAGE ON SCHEMA public TO {}",
    ):
        schema_editor.execute(statement.format(role))


def keep_the_record(apps, schema_editor):
    """The record of acts that matter can be appended to and read, never changed."""
    role = schema_editor.quote_name(settings.DATABASES["default"]["USER"])
    schema_editor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON outbox_auditentry FROM {role}")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunPython(grant_to_application, migrations.RunPython.noop),
        migrations.RunSQL(ID_FUNCTIONS, DROP_ID_FUNCTIONS),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("handler", models.CharField(max_length=100, verbose_name="handler")),
                ("key", models.CharField(blank=True, max_length=100, verbose_name="key")),
                (
                    "state",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "open"), (1, "done"), (2, "dead letter")],
                        default=0,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                (
                    "leased_until",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="due"
                    ),
                ),
                ("last_error", models.TextField(blank=True, verbose_name="last error")),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="Event",
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
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("payload", models.JSONField(verbose_name="payload")),
                ("actor_id", models.BigIntegerField(null=True, verbose_name="actor")),
                ("request_id", models.CharField(blank=True, max_length=64, verbose_name="request")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
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
                ("act", models.CharField(max_length=100, verbose_name="act")),
                ("actor_id", models.BigIntegerField(null=True, verbose_name="actor")),
                ("target_type", models.CharField(max_length=30, verbose_name="target")),
                ("target_id", models.BigIntegerField(null=True, verbose_name="target id")),
                ("before", models.JSONField(default=dict, verbose_name="before")),
                ("after", models.JSONField(default=dict, verbose_name="after")),
                ("request_id", models.CharField(blank=True, max_length=64, verbose_name="request")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created"
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit record",
                "indexes": [
                    models.Index(fields=["target_type", "target_id", "-id"], name="audit_by_target"),
                    models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[],
            options={
                "verbose_name": "dead letter",
                "verbose_name_plural": "dead letters",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("outbox.delivery",),
        ),
        migrations.AddField(
            model_name="delivery",
            name="event",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="outbox.event",
            ),
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_id", models.BigIntegerField()),
                ("key", models.CharField(max_length=200)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField()),
                ("body", models.TextField(blank=True)),
                ("headers", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="idempotency_key_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("user_id", "key"), name="one_answer_per_person_and_key")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", 0)), fields=["leased_until", "id"], name="delivery_due"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", 2)), fields=["id"], name="delivery_dead"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("event", "handler", "key"), name="one_delivery_per_event_handler_key"
            ),
        ),
        migrations.RunPython(keep_the_record, migrations.RunPython.noop),
    ]
