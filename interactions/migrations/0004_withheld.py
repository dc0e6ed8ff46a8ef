from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("interactions", "0003_comments"),
    ]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="withheld_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="withheld"),
        ),
    ]
