"""What people do not want to read, and what their days looked like."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from feeds.filters import Action, Place

PHRASE_MAX = 100
FILTERS_MOST = 500  # of one person: a page of their home is matched with all of them


class FilterAction(models.TextChoices):
    """As `feeds.filters.Action`, in words."""

    HIDE = Action.HIDE, _("Hide it")
    FOLD = Action.FOLD, _("Fold it away")


class FilterPlace(models.TextChoices):
    """As `feeds.filters.Place`, in words."""

    HOME = Place.HOME, _("At home")
    THREADS = Place.THREADS, _("In comments")
    NOTIFICATIONS = Place.NOTIFICATIONS, _("In notifications")


class KeywordFilterQuerySet(models.QuerySet["KeywordFilter"]):
    def of(self, person: User) -> Self:
        return self.filter(user=person.pk)

    def in_force(self) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()))


class KeywordFilter(models.Model):
    """Words that somebody does not want to read, where, and until when; nobody else learns of it.

    `slot` is one of as many as a person may have.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="keyword_filters", db_index=False
    )
    slot = models.PositiveSmallIntegerField(editable=False)
    phrase = models.CharField(_("words"), max_length=PHRASE_MAX)
    whole_word = models.BooleanField(_("whole words only"), default=True, db_default=True)
    action = models.CharField(
        max_length=4, choices=FilterAction.choices, default=FilterAction.HIDE, db_default=FilterAction.HIDE
    )
    places = ArrayField(models.CharField(max_length=13), verbose_name=_("where"))
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = KeywordFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("keyword filter")
        verbose_name_plural = _("keyword filters")
        constraints = [
            # serves: shields.of
            models.UniqueConstraint(fields=["user", "slot"], name="filter_slot_once"),
            models.UniqueConstraint(fields=["user", "phrase"], name="filter_phrase_once"),
            models.CheckConstraint(condition=Q(slot__range=(1, FILTERS_MOST)), name="filter_slots"),
            models.CheckConstraint(condition=~Q(phrase=""), name="filter_has_words"),
            models.CheckConstraint(condition=Q(action__in=FilterAction.values), name="filter_action_known"),
            models.CheckConstraint(
                condition=Q(places__contained_by=FilterPlace.values) & ~Q(places=[]),
                name="filter_places_known",
            ),
        ]
        indexes = [models.Index(F("user"), F("id").desc(), name="filter_newest")]  # selectors.filters_of

    def __str__(self) -> str:
        return f"filter {self.pk} of {self.user_id}"

    @property
    def where(self) -> str:
        """Its places in words."""
        return ", ".join(str(FilterPlace(place).label) for place in self.places)


class DailyFeedStats(models.Model):
    """One day of a person, by UTC: how many posts their home showed them, how many their filters kept from them, how
    often their own posts were shown to others, and how many followed them when that was counted last."""

    pk = models.CompositePrimaryKey("user_id", "day")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="daily_feed_stats", db_index=False
    )
    day = models.DateField()
    shown = models.PositiveIntegerField(default=0, db_default=0)
    filtered = models.PositiveIntegerField(default=0, db_default=0)
    impressions = models.PositiveIntegerField(default=0, db_default=0)
    followers = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("numbers of a day")
        indexes = [models.Index(fields=["day"], name="daily_stats_day")]  # insights.forget_old

    def __str__(self) -> str:
        return f"{self.day} of {self.user_id}"


class StatsBatch(models.Model):
    """Counts that were taken out of Redis and are in `DailyFeedStats`: none of them is added twice."""

    id = models.UUIDField(primary_key=True)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("batch of counts")
        verbose_name_plural = _("batches of counts")

    def __str__(self) -> str:
        return str(self.pk)
