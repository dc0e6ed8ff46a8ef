"""What pages elsewhere say of themselves."""

from datetime import timedelta
from hashlib import sha256

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

FRESH = timedelta(days=7)
TITLE_MAX, DESCRIPTION_MAX, SITE_MAX, ADDRESS_MAX = 200, 400, 100, 2000


class LinkPreview(models.Model):
    """The preview of one address, fetched once for all posts that link to it.

    One that is a week old is asked for anew when somebody links there again, and shown as it is until then.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        READY = "ready", _("ready")
        NONE = "none", _("nothing to show")

    key = models.CharField(max_length=64, unique=True, help_text=_("SHA-256 of the address"))
    url = models.CharField(max_length=ADDRESS_MAX)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    title = models.CharField(max_length=TITLE_MAX, blank=True, default="")
    description = models.CharField(max_length=DESCRIPTION_MAX, blank=True, default="")
    site_name = models.CharField(max_length=SITE_MAX, blank=True, default="")
    leads_to = models.CharField(
        max_length=ADDRESS_MAX,
        blank=True,
        default="",
        db_default="",
        help_text=_("The page's own name for where the redirects ended; its host is the one that answered"),
    )
    image_name = models.CharField(max_length=200, blank=True, default="")
    image_width = models.PositiveIntegerField(default=0)
    image_height = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True, help_text=_("When it was last decided to fetch it"))
    tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text=_("How often nothing answered since then")
    )
    fetched_at = models.DateTimeField(null=True)
    linked_at = models.DateTimeField(db_default=Now(), help_text=_("When a post last came to link there"))

    class Meta:
        verbose_name = _("link preview")
        verbose_name_plural = _("link previews")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "ready", "none"]), name="link_preview_state_known"
            )
        ]
        indexes = [
            # serves: upkeep, which forgets what no post links to
            models.Index(fields=["linked_at"], name="link_preview_by_last_link"),
        ]

    def __str__(self) -> str:
        return f"preview {self.pk}"

    @staticmethod
    def key_of(address: str) -> str:
        """What `address`, in its normal form, is found by: an index has no room for two thousand characters."""
        return sha256(address.encode()).hexdigest()

    @property
    def is_fetched(self) -> bool:
        """Whether the last decision to fetch it was carried out."""
        return bool(self.asked_at and self.fetched_at and self.fetched_at >= self.asked_at)
