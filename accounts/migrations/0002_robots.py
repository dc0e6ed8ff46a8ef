from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="may_be_indexed",
            field=models.BooleanField(db_default=True, default=True, verbose_name="listed by search engines"),
        ),
        migrations.AddField(
            model_name="user",
            name="may_be_archived",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="copied and quoted by them"
            ),
        ),
    ]
