"""What pages elsewhere say of themselves."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

TITLE_MAX, DESCRIPTION_MAX, SITE_MAX, ADDRESS_MAX = 200, 400, 100, 2000


class LinkPreview(models.Model):
    """The preview of one address, fetched once for all posts that link to it."""

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
    image_name = models.CharField(max_length=200, blank=True, default="")
    image_width = models.PositiveIntegerField(default=0)
    image_height = models.PositiveIntegerField(default=0)
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("link preview")
        verbose_name_plural = _("link previews")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "ready", "none"]), name="link_preview_state_known"
            )
        ]
        indexes = [
            # serves: upkeep, which fetches old ones anew and forgets what no post links to
            models.Index(fields=["fetched_at"], name="link_preview_age"),
        ]

    def __str__(self) -> str:
        return f"preview {self.pk}"
