"""Two more kinds, as in 0004."""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("notifications", "0004_kinds_of_groups"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notification",
            name="notification_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="preference",
            name="preference_kind_known",
        ),
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                choices=[
                    ("mention", "Somebody mentions you"),
                    ("reply", "Somebody answers your comment"),
                    ("comment", "Somebody comments on your post"),
                    ("quote", "Somebody quotes your post"),
                    ("like", "Somebody likes your post"),
                    ("comment_like", "Somebody likes your comment"),
                    ("share", "Somebody shares your post"),
                    ("follow", "Somebody follows you"),
                    ("follow_request", "Somebody asks to follow you"),
                    ("request_accepted", "Somebody lets you follow them"),
                    ("group_invitation", "Somebody invites you to a group"),
                    ("group_request", "Somebody asks to join a group of yours"),
                    ("group_accepted", "You are let into a group"),
                    ("new_post", "Somebody whose bell you rang posts"),
                    ("group_post", "Somebody posts in a group whose every post you chose to hear of"),
                    ("post_published", "A post that you scheduled is out"),
                    ("post_failed", "A post that you scheduled could not be published"),
                    ("security", "Your account: a new sign-in, a new password or address"),
                    ("group_report", "Something is reported in a group that you moderate"),
                    ("report_outcome", "What became of something you reported"),
                    ("sanction", "Your account: what moderators decided"),
                    ("system", "News from the people who run this place"),
                ],
                max_length=24,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="preference",
            name="kind",
            field=models.CharField(
                choices=[
                    ("mention", "Somebody mentions you"),
                    ("reply", "Somebody answers your comment"),
                    ("comment", "Somebody comments on your post"),
                    ("quote", "Somebody quotes your post"),
                    ("like", "Somebody likes your post"),
                    ("comment_like", "Somebody likes your comment"),
                    ("share", "Somebody shares your post"),
                    ("follow", "Somebody follows you"),
                    ("follow_request", "Somebody asks to follow you"),
                    ("request_accepted", "Somebody lets you follow them"),
                    ("group_invitation", "Somebody invites you to a group"),
                    ("group_request", "Somebody asks to join a group of yours"),
                    ("group_accepted", "You are let into a group"),
                    ("new_post", "Somebody whose bell you rang posts"),
                    ("group_post", "Somebody posts in a group whose every post you chose to hear of"),
                    ("post_published", "A post that you scheduled is out"),
                    ("post_failed", "A post that you scheduled could not be published"),
                    ("security", "Your account: a new sign-in, a new password or address"),
                    ("group_report", "Something is reported in a group that you moderate"),
                    ("report_outcome", "What became of something you reported"),
                    ("sanction", "Your account: what moderators decided"),
                    ("system", "News from the people who run this place"),
                ],
                max_length=24,
                verbose_name="kind",
            ),
        ),
        AddConstraintNotValid(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "mention",
                            "reply",
                            "comment",
                            "quote",
                            "like",
                            "comment_like",
                            "share",
                            "follow",
                            "follow_request",
                            "request_accepted",
                            "group_invitation",
                            "group_request",
                            "group_accepted",
                            "new_post",
                            "group_post",
                            "post_published",
                            "post_failed",
                            "security",
                            "group_report",
                            "report_outcome",
                            "sanction",
                            "system",
                        ],
                    )
                ),
                name="notification_kind_known",
            ),
        ),
        AddConstraintNotValid(
            model_name="preference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "mention",
                            "reply",
                            "comment",
                            "quote",
                            "like",
                            "comment_like",
                            "share",
                            "follow",
                            "follow_request",
                            "request_accepted",
                            "group_invitation",
                            "group_request",
                            "group_accepted",
                            "new_post",
                            "group_post",
                            "post_published",
                            "post_failed",
                            "security",
                            "group_report",
                            "report_outcome",
                            "sanction",
                            "system",
                        ],
                    )
                ),
                name="preference_kind_known",
            ),
        ),
        ValidateConstraint(model_name="notification", name="notification_kind_known"),
        ValidateConstraint(model_name="preference", name="preference_kind_known"),
    ]
