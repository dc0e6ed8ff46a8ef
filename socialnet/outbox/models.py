"""Events, the deliveries owed for them, answers kept for repeated requests, and the record of acts that matter."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from socialnet.outbox.ids import NextId


class Event(models.Model):
    """A fact, written in the transaction that made it true. Kept for 30 days."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    name = models.CharField(_("name"), max_length=100)
    payload = models.JSONField(_("payload"))
    actor_id = models.BigIntegerField(_("actor"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class Delivery(models.Model):
    """One handler's debt for one event (and, for work done in pieces, one `key` of it).

    `leased_until` says when it is due: now, when its lease runs out, or after a pause. Until then it belongs to the
    message that `claimed_by` names; where that is empty, the relay has handed it over and nobody is at work yet.
    """

    class State(models.IntegerChoices):
        OPEN = 0, _("open")
        DONE = 1, _("done")
        DEAD = 2, _("dead letter")

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", db_index=False)
    handler = models.CharField(_("handler"), max_length=100)
    key = models.CharField(_("key"), max_length=100, blank=True)
    state = models.PositiveSmallIntegerField(_("state"), choices=State, default=State.OPEN)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    leased_until = models.DateTimeField(_("due"), db_default=Now())
    claimed_by = models.CharField(_("claimed by"), max_length=64, blank=True, db_default="")
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "handler", "key"], name="one_delivery_per_event_handler_key"
            ),
        ]
        indexes = [
            # serves: relay.lease, invariants.overdue
            models.Index(
                fields=["handler", "leased_until", "id"],
                condition=models.Q(state=0),
                name="delivery_due_by_handler",
            ),
            # serves: the admin's list of dead letters and the alarm
            models.Index(fields=["id"], condition=models.Q(state=2), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.handler} {self.key or self.pk}"


class DeadLetter(Delivery):
    """A delivery that failed too often; the admin shows it and can try it again."""

    class Meta:
        proxy = True
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")


class IdempotencyKey(models.Model):
    """The answer to a request, kept for a day so that a repeat gets the same one."""

    user_id = models.BigIntegerField()
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "key"], name="one_answer_per_person_and_key")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]  # serves: forget_old

    def __str__(self) -> str:
        return f"{self.user_id} {self.status}"


class AuditEntry(models.Model):
    """An act that matters for safety, with before and after. The application's role can only insert and read."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    act = models.CharField(_("act"), max_length=100)
    actor_id = models.BigIntegerField(_("actor"), null=True)
    target_type = models.CharField(_("target"), max_length=30)
    target_id = models.BigIntegerField(_("target id"), null=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit record")
        indexes = [
            models.Index(fields=["target_type", "target_id", "-id"], name="audit_by_target"),
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.target_type} {self.target_id}"
