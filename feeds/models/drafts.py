"""What is not said yet."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from feeds.door import Audience
from feeds.models.posts import CONTENT_MAX, WARNING_MAX, Post, ReplyPolicy
from socialnet.outbox.ids import NextId, time_of

if TYPE_CHECKING:
    from feeds.models.media import Media

DRAFT_CONTENT_MAX = CONTENT_MAX * 5  # more than a post may have: what is too long is shortened, not lost
DRAFT_WARNING_MAX = WARNING_MAX * 5
DRAFTS_MOST = 200
SCHEDULED_MOST = 50
PAUSE = timedelta(seconds=10)  # after the first attempt; after the second twice as long, and so on


class ClockTimestamp(models.Func):
    """The database's clock at this moment, wherever the transaction began."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class DraftQuerySet(models.QuerySet["Draft"]):
    def of(self, author: User) -> Self:
        return self.filter(author=author.pk)

    def due(self) -> Self:
        """Whose time has come, and which nothing keeps from being published."""
        return self.filter(problem="", scheduled_for__lte=ClockTimestamp())

    def to_try(self) -> Self:
        """Due, and not tried a moment ago. A try in the future was before the clock was set back."""
        pause = ExpressionWrapper(F("attempts") * Value(PAUSE), output_field=DurationField())
        return self.due().filter(
            Q(tried_at=None) | Q(tried_at__lte=ClockTimestamp() - pause) | Q(tried_at__gt=ClockTimestamp())
        )


class Draft(models.Model):
    """A post before it is one; with `scheduled_for` it publishes itself. `version` grows with every save."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts", db_index=False
    )
    content = models.TextField(_("text"), blank=True, default="")
    visibility = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.PUBLIC)
    group = models.ForeignKey(  # as of a post; whether its author may still post there is judged when it is published
        "groups.Group", models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    language = models.CharField(_("language"), max_length=12, blank=True, default="")
    reply_policy = models.CharField(
        _("who may comment"),
        max_length=9,
        choices=ReplyPolicy,
        default=ReplyPolicy.EVERYONE,
        db_default=ReplyPolicy.EVERYONE.value,
    )
    content_warning = models.CharField(
        _("content warning"), max_length=DRAFT_WARNING_MAX, blank=True, default=""
    )
    share_of = models.ForeignKey(  # what it quotes; judged when it is published
        Post, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    scheduled_for = models.DateTimeField(_("scheduled for"), null=True)
    problem = models.CharField(
        max_length=50, blank=True, default="", help_text=_("Code of what kept it from being published.")
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False, help_text=_("How often publishing it by itself was begun.")
    )
    tried_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(_("saved"), db_default=Now())

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility__in=Audience.values), name="draft_visibility_known"
            ),
            models.CheckConstraint(
                condition=Q(group=None) & ~Q(visibility="group")
                | Q(group__isnull=False) & Q(visibility="group"),
                name="draft_group_is_its_audience",
            ),
            models.CheckConstraint(
                condition=Q(reply_policy__in=ReplyPolicy.values), name="draft_reply_policy_known"
            ),
            models.CheckConstraint(
                condition=Q(problem="") | Q(scheduled_for=None), name="draft_with_a_problem_waits_for_no_time"
            ),
        ]
        indexes = [
            # serves: selectors.drafts_of, selectors.latest_draft
            models.Index(F("author"), F("id").desc(), name="draft_by_author"),
            # serves: the job that publishes what is due, invariants
            models.Index(
                "scheduled_for", condition=Q(scheduled_for__isnull=False, problem=""), name="draft_due"
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)

    @property
    def pictures(self) -> "list[Media]":
        """In their order; from memory where a selector fetched them."""
        return sorted(self.media.all(), key=lambda picture: (picture.position, picture.pk))

    @property
    def problem_text(self) -> str:
        """A sentence for its author; empty when nothing keeps it from being published."""
        return str(PROBLEMS.get(self.problem, PROBLEMS["server_error"])) if self.problem else ""


PROBLEMS = {  # by the code of the error that publishing met
    "empty_post": _("There is nothing in it yet. Write something, then publish it or choose another time."),
    "post_too_long": _("It is too long for a post. Shorten it, then publish it or choose another time."),
    "warning_too_long": _(
        "Its content warning is too long. Shorten it, then publish it or choose another time."
    ),
    "unusable_text": _(
        "It holds characters that cannot be kept. Look it over, then publish it or choose another time."
    ),
    "too_many_pictures": _("It has too many pictures. Remove some, then publish it or choose another time."),
    "unknown_picture": _("One of its pictures is not there any more. Look it over, then publish it."),
    "quote_gone": _("The post that it quotes is gone, or not for your eyes any more."),
    "cannot_share": _("The post that it quotes is not for everybody any more."),
    "not_a_member": _("You were no member of its group at its time. Choose who else may see it."),
    "group_gone": _("Its group is not there any more. Choose who else may see it."),
    "writing_refused": _(
        "It holds something that cannot be published here. Change it, then publish it again."
    ),
    "account_suspended": _("Your account was suspended at its time."),
    "server_error": _("It could not be published at its time. Publish it now, or choose another time."),
}
