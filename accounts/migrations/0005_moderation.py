from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_safety_live"),
    ]

    operations = [
        migrations.AddField(
            model_name="follow",
            name="is_counted",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddField(
            model_name="user",
            name="limited_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="limited"),
        ),
    ]
