"""What waits on behalf of a person: a new address that two sides confirm, an archive of everything that is theirs."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User


class EmailChange(models.Model):
    """A new address takes the old one's place once both confirmed it, or the old one kept silent for long enough."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="email_change")
    email = models.EmailField(_("new address"))
    asked_at = models.DateTimeField(db_default=Now())
    new_confirmed_at = models.DateTimeField(null=True, blank=True)
    old_confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("change of address")
        indexes = [
            # serves: actions.addresses.apply_due_changes
            models.Index(fields=["asked_at"], name="email_change_due"),
        ]

    def __str__(self) -> str:
        return f"new address of {self.user_id}"


class Export(models.Model):
    """An archive; its file goes when it expires. Nobody has more than one.

    `worked_on_at` is when whoever makes it was last seen at work.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("being made")
        READY = "ready", _("ready")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, models.CASCADE, related_name="export")
    state = models.CharField(max_length=6, choices=State.choices, default=State.ASKED)
    file = models.CharField(max_length=200, blank=True, default="", editable=False)
    size = models.PositiveBigIntegerField(default=0)
    asked_at = models.DateTimeField(db_default=Now())
    worked_on_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("archive")
        verbose_name_plural = _("archives")
        indexes = [
            # serves: actions.exports.forget_exports
            models.Index(fields=["expires_at"], name="export_expiry"),
        ]

    def __str__(self) -> str:
        return f"archive of {self.user_id}"
