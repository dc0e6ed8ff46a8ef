"""How rules are set, what they found, and what profiles wait to say."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from groups.models import Group
from socialnet.outbox.ids import NextId, time_of

ENTRIES_MAX = 20_000


class Mode(models.TextChoices):
    """In shadow a rule only writes down what it would have done."""

    OFF = "off", _("off")
    SHADOW = "shadow", _("in shadow")
    ON = "on", _("on")


class Outcome(models.TextChoices):
    """What becomes of what somebody wrote, from mild to severe."""

    ALLOW = "allow", _("let through")
    FLAG = "flag", _("let through, with a case")
    HOLD = "hold", _("held for review")
    REFUSE = "refuse", _("refused")


class ScreeningRule(models.Model):
    """How moderators set a rule; where there is no row, it is as `rules.RULES` says. Its id is kept in results."""

    id = models.CharField(_("rule"), primary_key=True, max_length=30)
    mode = models.CharField(_("mode"), max_length=6, choices=Mode)
    outcome = models.CharField(_("outcome"), max_length=6, choices=Outcome)
    threshold = models.PositiveIntegerField(_("threshold"), null=True)
    minutes = models.PositiveIntegerField(_("minutes"), null=True)
    entries = models.TextField(
        _("words or domains, one a line"), blank=True, default="", max_length=ENTRIES_MAX
    )

    class Meta:
        verbose_name = _("screening rule")
        verbose_name_plural = _("screening rules")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="screening_rule_mode_known"),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="screening_rule_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return self.id


class ScreeningResult(models.Model):
    """What rules found in one thing that somebody wrote; nothing is kept of what none of them found.

    `author` is None where joining was refused. `hits` has of each rule its mode, what it asked for, and why: a count or
    a listed word, never the text, of which only a keyed digest is kept. What was refused has no target. `case` is where
    moderators decided about the target.
    """

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="screened",
        db_index=False,
        verbose_name=_("author"),
    )
    target_kind = models.CharField(_("kind"), max_length=7)
    target_id = models.BigIntegerField(_("id"), null=True)
    outcome = models.CharField(_("outcome"), max_length=6, choices=Outcome)
    hits = models.JSONField(_("rules"), default=list)
    signal = models.FloatField(_("classifier"), null=True)
    text_hash = models.CharField(max_length=64)
    case = models.ForeignKey(
        "moderation.Case", models.SET_NULL, null=True, related_name="screened", verbose_name=_("case")
    )

    class Meta:
        verbose_name = _("screening result")
        verbose_name_plural = _("screening results")
        indexes = [
            # serves: joining results to the case about their target
            models.Index(
                fields=["target_kind", "target_id"],
                condition=Q(target_id__isnull=False),
                name="screening_by_target",
            ),
            # serves: forgetting people
            models.Index(F("author"), F("id").desc(), name="screening_by_author"),
        ]

    def __str__(self) -> str:
        return f"screening result {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)


class HeldProfile(models.Model):
    """What somebody wants their profile to say, while moderators look; until then it says what it said."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="held_profile"
    )
    fields = models.JSONField()

    class Meta:
        verbose_name = _("profile that waits for review")
        verbose_name_plural = _("profiles that wait for review")

    def __str__(self) -> str:
        return f"profile of {self.person_id}"


class HeldGroup(models.Model):
    """What an owner wants their group to say, while moderators look; until then it says what it said.

    A group that is held when it is founded has none: it is hidden itself (`Group.held_at`).
    """

    group = models.OneToOneField(Group, models.CASCADE, primary_key=True, related_name="+")
    fields = models.JSONField()
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("change of a group that waits for review")
        verbose_name_plural = _("changes of groups that wait for review")

    def __str__(self) -> str:
        return f"change of group {self.group_id}"
