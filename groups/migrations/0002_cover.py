"""Covers of groups, and groups by category. The table is small: one transaction, which keeps nobody waiting for long."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("groups", "0001_initial")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="group",
            name="cover",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name="group",
            name="cover_alt",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=500, verbose_name="description of the cover"
            ),
        ),
        migrations.AddField(
            model_name="group",
            name="cover_blurhash",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=100),
        ),
        migrations.AddField(
            model_name="group",
            name="cover_small",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=200),
        ),
        migrations.AddIndex(
            model_name="group",
            index=models.Index(
                models.F("category"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("deleted_at", None), models.Q(("privacy", "invite"), _negated=True)),
                name="group_newest_of_category",
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cover", ""), ("cover_alt", ""), ("cover_blurhash", ""), ("cover_small", "")),
                    models.Q(
                        models.Q(("cover", ""), _negated=True), models.Q(("cover_small", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="group_cover_is_whole",
            ),
        ),
    ]
