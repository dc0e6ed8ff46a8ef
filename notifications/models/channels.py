"""How news leaves the inbox: each once per way, with what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.models.inbox import Notification
from notifications.registry import Way


class ChannelDelivery(models.Model):
    """That a notification is told, was told, or will not be told by one way; unique, so that none is told twice."""

    class State(models.TextChoices):
        OWED = "owed", _("owed")
        SENT = "sent", _("sent")
        CANCELLED = "cancelled", _("cancelled")  # undone or read before it left
        FAILED = "failed", _("failed")

    pk = models.CompositePrimaryKey("notification_id", "way")
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries", db_index=False)
    way = models.CharField(_("by"), max_length=8, choices=[(str(way), str(way)) for way in Way])
    state = models.CharField(max_length=9, choices=State.choices, default=State.OWED, db_default=State.OWED)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    outcome = models.CharField(
        max_length=60, blank=True, default="", db_default=""
    )  # a code, never an address
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("channel delivery")
        verbose_name_plural = _("channel deliveries")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["owed", "sent", "cancelled", "failed"]),
                name="channel_delivery_state_known",
            ),
        ]
        indexes = [
            # serves: the admin and `diagnose`: what is owed or failed
            models.Index(fields=["state", "at"], condition=~Q(state="sent"), name="channel_delivery_open"),
        ]

    def __str__(self) -> str:
        return f"{self.notification_id} by {self.way}: {self.state}"


class Telling(Notification):
    """A notification as staff follows its deliveries."""

    class Meta:
        proxy = True
        verbose_name = _("delivery of a notification")
        verbose_name_plural = _("deliveries of notifications")

    def __str__(self) -> str:
        return f"telling {self.pk}"


class PushSubscription(models.Model):
    """A browser that asked to be told: where its push service takes messages, and the keys they are locked with."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="push_subscriptions", db_index=False
    )
    endpoint = models.CharField(max_length=1000)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=50)
    label = models.CharField(_("browser"), max_length=60, blank=True, default="")
    # Which session asked, as `accounts.cache.copy_of` has it; empty for programs.
    session = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)  # in a row
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("push subscription")
        verbose_name_plural = _("push subscriptions")
        constraints = [
            # An endpoint is one browser: who signs in there last has it.
            models.UniqueConstraint(fields=["endpoint"], name="push_subscription_endpoint_once"),
        ]
        indexes = [
            models.Index(fields=["user", "id"], name="push_subscription_by_user"),
            # serves: channels.push.actions.forget_sessions
            models.Index(fields=["session"], condition=~Q(session=""), name="push_subscription_session"),
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.user_id}"
