"""What people want to be told, and when. Who has no row has the defaults of the registry."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.registry import HOURLY_CAP, KINDS, PACE_LABELS, Pace, Way


class FromWhom(models.TextChoices):
    EVERYONE = "everyone", _("everyone")
    FOLLOWED = "followed", _("people I follow")
    MUTUALS = "mutuals", _("people I follow who follow me")
    NOBODY = "nobody", _("nobody")


class Digest(models.TextChoices):
    AWAY = "away", _("when I was away for a day")
    DAILY = "daily", _("every day")
    WEEKLY = "weekly", _("every week")
    OFF = "off", _("never")


class Settings(models.Model):
    """What holds for all kinds. Quiet hours are times of day in the person's own time zone; equal ones are none."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notification_settings"
    )
    is_on = models.BooleanField(_("tell me outside the inbox"), default=True, db_default=True)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    loud_pass = models.BooleanField(
        _("mentions and replies may break through"), default=False, db_default=False
    )
    hourly_cap = models.PositiveSmallIntegerField(
        _("at most this many an hour"),
        default=HOURLY_CAP,
        db_default=HOURLY_CAP,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
    )
    digest = models.CharField(
        _("summary by mail"),
        max_length=6,
        choices=Digest.choices,
        default=Digest.AWAY,
        db_default=Digest.AWAY,
    )
    digest_at = models.DateTimeField(_("last summary"), null=True, editable=False)
    # Why no mail is sent, if none is: a letter came back. Empty again when the address changes or the person says so.
    mail_trouble = models.CharField(max_length=12, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("notification settings")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="notification_quiet_both",
            ),
            models.CheckConstraint(condition=Q(hourly_cap__range=(1, 500)), name="notification_cap_sane"),
            models.CheckConstraint(condition=Q(digest__in=Digest.values), name="notification_digest_known"),
        ]
        indexes = [
            # serves: channels.mail.digest
            models.Index(
                fields=["user"],
                condition=Q(digest__in=["daily", "weekly"]),
                name="notification_digest_regular",
            ),
        ]

    def __str__(self) -> str:
        return f"notification settings of {self.user_id}"


class Preference(models.Model):
    """What a person chose for one kind; what equals the default has a row only if it was chosen once."""

    pk = models.CompositePrimaryKey("user_id", "kind")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notification_preferences", db_index=False
    )
    kind = models.CharField(
        _("kind"), max_length=24, choices=[(kind.name, kind.label) for kind in KINDS.values()]
    )
    ways = ArrayField(models.CharField(max_length=8), verbose_name=_("by"))
    from_whom = models.CharField(_("from"), max_length=8, choices=FromWhom.choices, default=FromWhom.EVERYONE)
    pace = models.CharField(_("when"), max_length=10, choices=list(PACE_LABELS.items()))

    class Meta:
        verbose_name = _("notification preference")
        verbose_name_plural = _("notification preferences")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="preference_kind_known"),
            models.CheckConstraint(condition=Q(from_whom__in=FromWhom.values), name="preference_from_known"),
            models.CheckConstraint(
                condition=Q(pace__in=[str(pace) for pace in Pace]), name="preference_pace_known"
            ),
            models.CheckConstraint(
                condition=Q(ways__contained_by=[str(way) for way in Way]), name="preference_ways_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}"
