"""Archives take as long as they need: who makes one is seen at work."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_reach")]

    operations = [
        migrations.AddField(
            model_name="export",
            name="worked_on_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
