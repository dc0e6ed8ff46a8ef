import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import socialnet.outbox.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("outbox", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedEntry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "post_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.BigIntegerField()),
                ("post_id", models.BigIntegerField()),
                ("author_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Post",
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
                ("content", models.TextField(verbose_name="text")),
                ("html", models.TextField(editable=False)),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("public", "public"),
                            ("followers", "followers"),
                            ("friends", "friends"),
                            ("private", "private"),
                        ],
                        default="public",
                        max_length=10,
                        verbose_name="audience",
                    ),
                ),
                ("language", models.CharField(blank=True, max_length=12, verbose_name="language")),
                ("edited_at", models.DateTimeField(editable=False, null=True, verbose_name="edited")),
                ("hidden_at", models.DateTimeField(editable=False, null=True, verbose_name="hidden")),
                ("deleted_at", models.DateTimeField(editable=False, null=True, verbose_name="deleted")),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="posts",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
            ],
            options={
                "verbose_name": "post",
                "verbose_name_plural": "posts",
            },
        ),
        migrations.CreateModel(
            name="PostCounts",
            fields=[
                (
                    "post",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="counts",
                        serialize=False,
                        to="feeds.post",
                    ),
                ),
                ("likes", models.PositiveIntegerField(default=0)),
                ("comments", models.PositiveIntegerField(default=0)),
                ("shares", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                models.F("author"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("deleted_at", None)),
                name="post_by_author",
            ),
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("deleted_at", None), ("visibility", "public")),
                name="post_public_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["public", "followers", "friends", "private"])),
                name="post_visibility_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(("pk__gt", 0), ("pk__lt", 9007199254740992)), name="post_id_fits_53_bits"
            ),
        ),
    ]
