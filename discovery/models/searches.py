"""How much is searched and found, day by day. Nobody's questions are kept: only what many people asked for."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

WORDS_MOST = 60


class SearchDay(models.Model):
    """The searches of one day for one type of things. `ranks` is the sum of the places that were opened, from 1."""

    day = models.DateField(_("day"))
    kind = models.CharField(_("type"), max_length=8)
    searches = models.PositiveIntegerField(_("searches"), default=0)
    empty = models.PositiveIntegerField(_("found nothing"), default=0)
    clicks = models.PositiveIntegerField(_("results opened"), default=0)
    ranks = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("searches of a day")
        verbose_name_plural = _("searches by day")
        constraints = [
            models.UniqueConstraint(fields=["day", "kind"], name="search_day_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["posts", "users", "hashtags", "groups"]), name="search_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.day}"


class PopularSearch(models.Model):
    """Words that at least ten people looked for on one day."""

    day = models.DateField(_("day"))
    words = models.CharField(_("words"), max_length=WORDS_MOST)
    people = models.PositiveIntegerField(_("people"))

    class Meta:
        verbose_name = _("popular search")
        verbose_name_plural = _("popular searches")
        constraints = [models.UniqueConstraint(fields=["day", "words"], name="popular_search_once")]

    def __str__(self) -> str:
        return f"{self.people} people on {self.day}"
