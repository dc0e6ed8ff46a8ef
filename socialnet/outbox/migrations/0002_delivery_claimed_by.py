from django.db import migrations, models


class Migration(migrations.Migration):
    """A constant default: PostgreSQL rewrites no row, and what a release before this one inserts has it, too."""

    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="delivery",
            name="claimed_by",
            field=models.CharField(blank=True, db_default="", max_length=64, verbose_name="claimed by"),
        ),
    ]
