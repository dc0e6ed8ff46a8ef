"""What became of what Explore showed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ExploreDay(models.Model):
    """Of one day and one source: how many posts were shown, and with how many of these somebody did something."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    source = models.CharField(_("source"), max_length=8)
    shown = models.PositiveIntegerField(_("shown"), default=0)
    engaged = models.PositiveIntegerField(_("liked or commented on"), default=0)

    class Meta:
        verbose_name = _("day of Explore")
        verbose_name_plural = _("days of Explore")
        constraints = [
            # serves: counting, the admin's list
            models.UniqueConstraint(fields=["day", "source"], name="explore_day_once"),
            models.CheckConstraint(
                condition=Q(source__in=["alike", "tags", "trending", "popular"]), name="explore_source_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.source}"
