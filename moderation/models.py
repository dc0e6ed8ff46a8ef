"""Reports, gathered into cases by what they are about; what moderators decide; and the answers they often give."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from groups.models import Group
from moderation.screening.models import HeldGroup, HeldProfile, ScreeningResult, ScreeningRule
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import NextId, time_of

__all__ = [
    "AnswerTemplate",
    "Case",
    "HeldGroup",
    "HeldProfile",
    "Measure",
    "Reason",
    "Report",
    "Sanction",
    "ScreeningResult",
    "ScreeningRule",
    "TargetKind",
]
DETAILS_MAX = 1000
WORDS_MAX = 1000


class TargetKind(models.TextChoices):
    POST = "post", _("post")
    COMMENT = "comment", _("comment")
    USER = "user", _("person")
    GROUP = "group", _("group")


class Reason(models.TextChoices):
    SPAM = "spam", _("Spam or deceit")
    HARASSMENT = "harassment", _("Harassment or bullying")
    HATE = "hate", _("Hate against a group of people")
    VIOLENCE = "violence", _("Violence or threats")
    SEXUAL = "sexual", _("Sexual content")
    SELF_HARM = "self_harm", _("Self-harm")
    FALSE = "false", _("False information that does harm")
    IMPERSONATION = "impersonation", _("Somebody else's name or picture")
    ILLEGAL = "illegal", _("Against the law")
    OTHER = "other", _("Something else")


class Measure(models.TextChoices):
    """What moderators may do about a person, from mild to severe."""

    WARN = "warn", _("warning")
    HIDE = "hide", _("content hidden")
    LIMIT = "limit", _("limited")
    SUSPEND = "suspend", _("suspended")
    BAN = "ban", _("banned")


DATED = frozenset({Measure.LIMIT, Measure.SUSPEND})  # these may have an end of their own; a suspension must
SHUT_OUT = frozenset({Measure.SUSPEND, Measure.BAN})


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)

    def with_site(self) -> Self:
        """Those that are the site's moderators' to decide, or were."""
        return self.filter(Q(group=None) | Q(escalated_at__isnull=False))

    def with_groups(self) -> Self:
        """Open ones that a group's own moderators are to decide."""
        return self.open().filter(group__isnull=False, escalated_at=None)

    def about(self, kind: str, target_id: int) -> Self:
        return self.filter(target_kind=kind, target_id=target_id)


class Case(models.Model):
    """All that was reported of one target until it is decided; at most one is open at a time.

    `said` is what it said when it was reported first: evidence, forgotten when nothing is wrong with it. `reports`
    counts its reporters; `is_screened`: rules of screening asked for it, too. `group` is where it was said; its
    moderators decide until the case is escalated to the site, perhaps at once. Of a case that is closed `escalated_at`
    tells who decided.
    """

    class Outcome(models.TextChoices):
        NOTHING = "nothing", _("left as it is")
        WARN = "warn", _("warned")
        HIDE = "hide", _("content hidden")
        LIMIT = "limit", _("limited")
        SUSPEND = "suspend", _("suspended")
        BAN = "ban", _("banned")
        REMOVE = "remove", _("removed from the group")
        EXCLUDE = "exclude", _("banned from the group")
        GONE = "gone", _("gone meanwhile")

    class Escalation(models.TextChoices):
        """Why a case from a group is the site's."""

        REASON = "reason", _("such things go to the site at once")
        ASKED = "asked", _("who reported it wished so")
        STAFF = "staff", _("it is about somebody who moderates the group")
        TIME = "time", _("the group's moderators did not decide in time")
        PASSED = "passed", _("the group's moderators passed it on")
        TAKEN = "taken", _("the site's moderators took it over")
        GONE = "gone", _("the group is gone, or hidden")
        SCREEN = "screen", _("screening holds it, or asks about it")

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    target_kind = models.CharField(_("about"), max_length=7, choices=TargetKind)
    target_id = models.BigIntegerField(_("id"))
    person = models.ForeignKey(  # whose it is; None for what is nobody's alone
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="cases",
        db_index=False,
        verbose_name=_("person"),
    )
    reason = models.CharField(_("first reason"), max_length=13, choices=Reason)
    said = models.TextField(_("what it said"), blank=True, default="")
    reports = models.PositiveIntegerField(_("reports"), default=0)
    group = models.ForeignKey(
        Group,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
        verbose_name=_("group"),
    )
    escalated_at = models.DateTimeField(_("with the site since"), null=True, editable=False)
    escalation = models.CharField(
        _("with the site because"),
        max_length=6,
        choices=Escalation,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    is_screened = models.BooleanField(_("from screening"), default=False, db_default=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("assigned to"),
    )
    outcome = models.CharField(_("outcome"), max_length=7, choices=Outcome, blank=True, default="")
    answer = models.CharField(_("answer"), max_length=WORDS_MAX, blank=True, default="")
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("closed by"),
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            models.UniqueConstraint(
                fields=["target_kind", "target_id"],
                condition=Q(closed_at=None),
                name="case_one_open_per_target",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | Q(closed_at__isnull=False) & ~Q(outcome=""),
                name="case_closed_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(escalated_at=None, escalation="")
                | Q(escalated_at__isnull=False) & ~Q(escalation=""),
                name="case_escalated_for_a_reason",
            ),
        ]
        indexes = [
            # serves: the queue, what was reported by most first; and its filters, within what is open
            models.Index(F("reports").desc(), F("id"), condition=Q(closed_at=None), name="case_queue"),
            models.Index(
                F("assigned_to"), F("reports").desc(), F("id"),
                condition=Q(closed_at=None), name="case_queue_of_moderator",
            ),
            models.Index(
                F("target_kind"), F("reports").desc(), F("id"),
                condition=Q(closed_at=None), name="case_queue_of_kind",
            ),
            models.Index(
                F("reason"), F("reports").desc(), F("id"),
                condition=Q(closed_at=None), name="case_queue_of_reason",
            ),
            # serves: the queues of groups
            models.Index(
                F("group"), F("id").desc(),
                condition=Q(closed_at=None, escalated_at=None, group__isnull=False), name="case_queue_of_group",
            ),
            # serves: in_groups.actions.escalate_due
            models.Index(
                fields=["id"],
                condition=Q(closed_at=None, escalated_at=None, group__isnull=False),
                name="case_with_groups",
            ),
            # serves: the queue of what screening asks about
            models.Index(
                F("reports").desc(), F("id"),
                condition=Q(closed_at=None, is_screened=True), name="case_queue_of_screening",
            ),
            # serves: what is closed, and the charts of the day
            models.Index(F("closed_at").desc(), condition=Q(closed_at__isnull=False), name="case_closed"),
            # serves: the history of a person; removing people
            models.Index(F("person"), F("id").desc(), name="case_by_person"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.target_kind} {self.target_id}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_with_group(self) -> bool:
        """Whether the group's moderators decide it, or did."""
        return self.group_id is not None and self.escalated_at is None

    @property
    def opened_at(self) -> datetime:
        return time_of(self.pk)


class ReportQuerySet(models.QuerySet["Report"]):
    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class Report(models.Model):
    """That one person found something wrong; once for each case."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="reported", db_index=False)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="reports_made", db_index=False
    )
    reason = models.CharField(_("reason"), max_length=13, choices=Reason)
    details = models.CharField(_("details"), max_length=DETAILS_MAX, blank=True, default="")

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [models.UniqueConstraint(fields=["case", "reporter"], name="report_once_per_case")]
        indexes = [
            # serves: selectors.reports_by
            models.Index(F("reporter"), F("id").desc(), name="report_by_reporter"),
        ]

    def __str__(self) -> str:
        return f"report {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def in_force(self) -> Self:
        return self.filter(ended_at=None)

    def due(self) -> Self:
        """In force, though the database's clock has reached their end."""
        return self.in_force().filter(until__lte=Now())

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class Sanction(models.Model):
    """What moderators decided about a person: in force until it ends, by itself (`until`) or by a moderator.

    The person may appeal once; the answer is final.
    """

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="sanctions",
        db_index=False,
        verbose_name=_("person"),
    )
    measure = models.CharField(_("measure"), max_length=7, choices=Measure)
    case = models.ForeignKey(
        Case, models.SET_NULL, null=True, related_name="sanctions", verbose_name=_("case")
    )
    target_kind = models.CharField(_("about"), max_length=7, choices=TargetKind, blank=True, default="")
    target_id = models.BigIntegerField(_("id"), null=True)
    words = models.CharField(_("words for the person"), max_length=WORDS_MAX, blank=True, default="")
    until = models.DateTimeField(_("until"), null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("made by"),
    )
    ended_at = models.DateTimeField(_("ended"), null=True)
    appeal = models.CharField(_("appeal"), max_length=WORDS_MAX, blank=True, default="")
    appealed_at = models.DateTimeField(_("appealed"), null=True)
    answer = models.CharField(_("answer to the appeal"), max_length=WORDS_MAX, blank=True, default="")
    answered_at = models.DateTimeField(_("answered"), null=True)
    granted = models.BooleanField(_("appeal granted"), null=True)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        verbose_name = _("sanction")
        verbose_name_plural = _("sanctions")
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(measure__in=["limit", "suspend"]), name="sanction_dated_kinds"
            ),
            models.CheckConstraint(
                condition=~Q(measure="suspend") | Q(until__isnull=False), name="sanction_suspension_ends"
            ),
            models.CheckConstraint(
                condition=~Q(measure="hide") | Q(target_id__isnull=False), name="sanction_hides_something"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(appealed_at__isnull=False),
                name="sanction_answer_after_appeal",
            ),
        ]
        indexes = [
            # serves: selectors.sanctions_of, and what else is in force of a person
            models.Index(F("person"), F("id").desc(), name="sanction_by_person"),
            # serves: actions.end_due
            models.Index(
                fields=["until"], condition=Q(ended_at=None, until__isnull=False), name="sanction_due"
            ),
            # serves: the queue of appeals
            models.Index(
                fields=["appealed_at"],
                condition=Q(answered_at=None, appealed_at__isnull=False),
                name="sanction_appeals",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)

    @property
    def is_in_force(self) -> bool:
        return self.ended_at is None

    @property
    def by_group(self) -> Group | None:
        """The group whose own moderators decided it."""
        return self.case.group if self.case and self.case.is_with_group else None

    @property
    def may_be_appealed(self) -> bool:
        return self.is_in_force and self.appealed_at is None


class AnswerTemplate(models.Model):
    """Words that moderators often send; chosen beside a case, and changed there before they go out."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=100)
    measure = models.CharField(_("for"), max_length=7, choices=Measure, blank=True, default="")
    words = models.TextField(_("words"), max_length=WORDS_MAX)

    class Meta:
        verbose_name = _("template of an answer")
        verbose_name_plural = _("templates of answers")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
