"""What people like to read about, whom they are shown, and whom they do not want to be shown."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

PLACE_MAX = 100


class Source(models.TextChoices):
    """How somebody came into a list of people to follow."""

    TIES = "ties", _("people they follow")
    TASTES = "tastes", _("tags and likes")
    INTERESTS = "interests", _("interests")
    PLACE = "place", _("place")
    GROUPS = "groups", _("groups")
    POPULAR = "popular", _("popular")


class Stage(models.TextChoices):
    """How long somebody is here, and so what a list is made from; see `discovery.people.stages`."""

    BEGINNING = "beginning", _("beginning")
    LEARNING = "learning", _("learning")
    PERSONAL = "personal", _("personal")
    RETURNING = "returning", _("returning")


class Interest(models.Model):
    """That a person likes to read about a topic of `discovery.people.topics`."""

    pk = models.CompositePrimaryKey("user_id", "topic")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="interests", db_index=False
    )
    topic = models.CharField(_("topic"), max_length=20)

    class Meta:
        verbose_name = _("interest")
        verbose_name_plural = _("interests")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.topic}"


class SuggestionDismissal(models.Model):
    """That `person` is not suggested to `user` any more: they said so, unfollowed, or asked in vain."""

    class Why(models.TextChoices):
        DISMISSED = "dismissed", _("not interested")
        UNFOLLOWED = "unfollowed", _("unfollowed")
        REQUEST_ENDED = "request_ended", _("the request ended")

    pk = models.CompositePrimaryKey("user_id", "person_id")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    why = models.CharField(max_length=13, choices=Why.choices, default=Why.DISMISSED)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("dismissed suggestion")
        verbose_name_plural = _("dismissed suggestions")
        constraints = [
            models.CheckConstraint(condition=~Q(user=F("person")), name="dismissal_not_self"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} not for {self.user_id}"


class Finding(models.Model):
    """How a person is helped to find others. Who came by the door and was not welcomed yet has a row without
    `welcomed_at`; who has no row was here before there was a welcome."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="finding"
    )
    welcomed_at = models.DateTimeField(null=True, editable=False)
    by_place = models.BooleanField(_("find people near me"), default=False, db_default=False)
    # The place of the profile in a form that can be compared; empty unless the person chose `by_place`.
    place = models.CharField(max_length=PLACE_MAX, default="", db_default="", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("finding people")
        constraints = [
            models.CheckConstraint(condition=Q(place="") | Q(by_place=True), name="finding_place_chosen"),
        ]
        indexes = [
            # serves: discovery.people.candidates, those of the same place
            models.Index(F("place"), F("user").desc(), condition=~Q(place=""), name="finding_by_place"),
        ]

    def __str__(self) -> str:
        return f"finding of {self.user_id}"


class SuggestionList(models.Model):
    """Whom a person is shown, as last computed: served until a newer one stands, however long that takes."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    stage = models.CharField(max_length=9, choices=Stage.choices)
    people = models.JSONField(default=list)  # as `discovery.people.lists.Suggested`, the best first
    computed_at = models.DateTimeField(db_default=Now())
    failed_at = models.DateTimeField(null=True)  # when a newer one took too long
    back_since = models.DateTimeField(null=True)  # when somebody came back who had been away

    class Meta:
        verbose_name = _("people to follow")
        verbose_name_plural = _("people to follow")
        # serves: discovery.people.lists.due
        indexes = [models.Index(fields=["computed_at"], name="suggestions_by_age")]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.stage})"


class SuggestionDay(models.Model):
    """How many people were suggested on a day by one source, and what came of it. A person counts once a day.

    `leads` counts what the suggested were found through, each once a list: of 10 people found through 7, 7.
    """

    day = models.DateField(_("day"))
    source = models.CharField(_("source"), max_length=9, choices=Source.choices)
    shown = models.PositiveIntegerField(_("shown"), default=0)
    leads = models.PositiveIntegerField(_("different leads"), default=0)
    followed = models.PositiveIntegerField(_("followed"), default=0)
    dismissed = models.PositiveIntegerField(_("dismissed"), default=0)

    class Meta:
        verbose_name = _("suggestions, by day")
        verbose_name_plural = _("suggestions, by day")
        constraints = [models.UniqueConstraint(fields=["day", "source"], name="suggestion_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.source}"
