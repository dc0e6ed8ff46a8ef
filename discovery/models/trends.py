"""What trends: snapshots that a job takes, and what moderators decided about it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class TrendKind(models.TextChoices):
    TAG = "tag", _("tag")
    POST = "post", _("post")
    PERSON = "person", _("person")


class TrendSnapshotQuerySet(models.QuerySet["TrendSnapshot"]):
    def latest_of(self, kind: str) -> "TrendSnapshot | None":
        return self.filter(kind=kind).order_by("-pk").first()


class TrendSnapshot(models.Model):
    """What was found to trend at one moment; an empty one says that nothing did."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(_("kind"), max_length=6, choices=TrendKind)
    taken_at = models.DateTimeField(_("taken"), db_default=Now(), editable=False)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), help_text=_("that finding it took"))

    objects = TrendSnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("snapshot of trends")
        verbose_name_plural = _("snapshots of trends")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TrendKind.values), name="trend_snapshot_kind_known"),
        ]
        indexes = [
            # serves: TrendSnapshotQuerySet.latest_of
            models.Index(fields=["kind", "-id"], name="trend_snapshot_latest"),
            # serves: forgetting old ones
            models.Index(fields=["taken_at"], name="trend_snapshot_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Trend(models.Model):
    """One line of a snapshot: a tag, post or person by its id, and all that its score is made of.

    `is_flagged`: nearly all who made it are new here; it is shown to nobody until a moderator allows it.
    """

    id = models.BigAutoField(primary_key=True)
    snapshot = models.ForeignKey(TrendSnapshot, models.CASCADE, related_name="trends", db_index=False)
    rank = models.PositiveSmallIntegerField(_("rank"))
    subject_id = models.BigIntegerField(_("of"))
    score = models.FloatField(_("score"))
    parts = models.JSONField(_("parts of the score"))
    is_flagged = models.BooleanField(_("waits for a moderator"), default=False)

    class Meta:
        verbose_name = _("trend")
        verbose_name_plural = _("trends")
        constraints = [
            # serves: a snapshot in its order
            models.UniqueConstraint(fields=["snapshot", "rank"], name="trend_rank_once"),
            models.UniqueConstraint(fields=["snapshot", "subject_id"], name="trend_subject_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.subject_id}"


class TrendRulingQuerySet(models.QuerySet["TrendRuling"]):
    def about(self, kind: str | models.OuterRef, subject_id: int | models.OuterRef) -> Self:
        return self.filter(kind=kind, subject_id=subject_id)


class TrendRuling(models.Model):
    """What a moderator decided about a tag, post or person as a trend; `AuditEntry` keeps who decided what before."""

    class Verdict(models.TextChoices):
        HELD = "held", _("held")
        ALLOWED = "allowed", _("allowed")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(_("kind"), max_length=6, choices=TrendKind)
    subject_id = models.BigIntegerField(_("of"))
    verdict = models.CharField(_("verdict"), max_length=7, choices=Verdict)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), db_default=Now())

    objects = TrendRulingQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision about a trend")
        verbose_name_plural = _("decisions about trends")
        constraints = [
            # serves: reading a snapshot without what is held
            models.UniqueConstraint(fields=["kind", "subject_id"], name="trend_ruled_once"),
            models.CheckConstraint(condition=Q(kind__in=TrendKind.values), name="trend_ruling_kind_known"),
            models.CheckConstraint(condition=Q(verdict__in=["held", "allowed"]), name="trend_verdict_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id} {self.verdict}"
