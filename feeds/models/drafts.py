"""What is not said yet."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from feeds.door import Audience
from feeds.models.posts import WARNING_MAX, Post
from socialnet.outbox.ids import NextId, time_of


class Draft(models.Model):
    """A post before it is one; with `scheduled_for` it publishes itself. `version` grows with every save."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts", db_index=False
    )
    content = models.TextField(_("text"), blank=True, default="")
    visibility = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.PUBLIC)
    language = models.CharField(_("language"), max_length=12, blank=True, default="")
    content_warning = models.CharField(_("content warning"), max_length=WARNING_MAX, blank=True, default="")
    share_of = models.ForeignKey(  # what it quotes; judged when it is published
        Post, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    scheduled_for = models.DateTimeField(_("scheduled for"), null=True)
    problem = models.CharField(
        max_length=50, blank=True, default="", help_text=_("Code of what kept it from being published.")
    )
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(_("saved"), db_default=Now())

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility__in=Audience.values), name="draft_visibility_known"
            ),
        ]
        indexes = [
            models.Index(F("author"), F("id").desc(), name="draft_by_author"),  # serves: selectors.drafts_of
            # serves: the job that publishes what is due
            models.Index(
                "scheduled_for", condition=Q(scheduled_for__isnull=False, problem=""), name="draft_due"
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)
