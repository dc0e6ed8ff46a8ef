"""How far people have read in their homes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReadMarker(models.Model):
    """The newest post that somebody had in front of them at home, on whatever device; it only moves forward.

    A position, not a reference: the post may be gone. `updated_at` is when it moved last, by the database's clock.
    """

    user_id = models.BigIntegerField(primary_key=True)
    last_read_id = models.BigIntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("read position")
        verbose_name_plural = _("read positions")
        constraints = [
            models.CheckConstraint(condition=models.Q(last_read_id__gt=0), name="read_marker_is_an_id"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.last_read_id}"
