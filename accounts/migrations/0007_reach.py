"""Who may name somebody, and who finds them: two columns with a default of the database, their constraints afterwards."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

MENTIONS = [("everyone", "Everybody"), ("followed", "People I follow"), ("nobody", "Nobody")]
FOUND = [("everyone", "Everybody"), ("followers", "People who follow me"), ("nobody", "Nobody")]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0006_follow_uncounted")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="mentions_from",
            field=models.CharField(
                choices=MENTIONS,
                db_default="everyone",
                default="everyone",
                max_length=9,
                verbose_name="may mention them",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="found_by",
            field=models.CharField(
                choices=FOUND,
                db_default="everyone",
                default="everyone",
                max_length=9,
                verbose_name="found by",
            ),
        ),
        AddConstraintNotValid(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("mentions_from__in", [value for value, _label in MENTIONS])),
                name="person_mentions_from_known",
            ),
        ),
        ValidateConstraint(model_name="user", name="person_mentions_from_known"),
        AddConstraintNotValid(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("found_by__in", [value for value, _label in FOUND])),
                name="person_found_by_known",
            ),
        ),
        ValidateConstraint(model_name="user", name="person_found_by_known"),
    ]
