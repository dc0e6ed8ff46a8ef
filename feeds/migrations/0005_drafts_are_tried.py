from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feeds", "0004_posts_indexes")]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="attempts",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="How often publishing it by itself was begun.",
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="tried_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="draft",
            name="content_warning",
            field=models.CharField(blank=True, default="", max_length=1000, verbose_name="content warning"),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(("problem", ""), ("scheduled_for", None), _connector="OR"),
                name="draft_with_a_problem_waits_for_no_time",
            ),
        ),
    ]
