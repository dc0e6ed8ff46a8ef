"""When a preview was asked for and last linked to; where its address leads. The table is new: nobody waits."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feeds", "0005_drafts_are_tried")]

    operations = [
        migrations.AddField(
            model_name="linkpreview",
            name="leads_to",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The page's own name for where the redirects ended; its host is the one that answered",
                max_length=2000,
            ),
        ),
        migrations.AddField(
            model_name="linkpreview",
            name="asked_at",
            field=models.DateTimeField(help_text="When it was last decided to fetch it", null=True),
        ),
        migrations.AddField(
            model_name="linkpreview",
            name="tries",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How often nothing answered since then"
            ),
        ),
        migrations.AddField(
            model_name="linkpreview",
            name="linked_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                help_text="When a post last came to link there",
            ),
        ),
        migrations.RemoveIndex(model_name="linkpreview", name="link_preview_age"),
        migrations.AddIndex(
            model_name="linkpreview",
            index=models.Index(fields=["linked_at"], name="link_preview_by_last_link"),
        ),
    ]
