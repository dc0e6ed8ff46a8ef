"""What the people who run this place tell everybody."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

ANNOUNCEMENT_MAX = 300


class Announcement(models.Model):
    """One sentence for everybody, and perhaps an address with more; told once, when it is saved."""

    id = models.BigAutoField(primary_key=True)
    text = models.CharField(
        _("text"), max_length=ANNOUNCEMENT_MAX, validators=[MaxLengthValidator(ANNOUNCEMENT_MAX)]
    )
    url = models.URLField(_("address with more"), max_length=300, blank=True, default="")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")

    def __str__(self) -> str:
        return self.text
