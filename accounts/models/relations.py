"""Who follows, blocks and mutes whom. Every pair is unique; nobody does it to themselves."""

from typing import Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from socialnet.kernel.pagination import Cursor

Row = TypeVar("Row", bound=models.Model)


class RelationQuerySet(models.QuerySet[Row]):
    def before(self, cursor: Cursor | None) -> Self:
        """What comes after `cursor` in the list that has the newest first."""
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class FollowQuerySet(RelationQuerySet["Follow"]):
    def active(self) -> Self:
        return self.filter(status=Follow.Status.ACTIVE)

    def pending(self) -> Self:
        return self.filter(status=Follow.Status.PENDING)

    def counting(self) -> Self:
        """What the counts of both people are made of."""
        return self.active().filter(is_counted=True)


class BlockQuerySet(RelationQuerySet["Block"]):
    pass


class MuteQuerySet(RelationQuerySet["Mute"]):
    def in_force(self) -> Self:
        """Those without an end, or whose end the database's clock has not reached."""
        return self.filter(Q(until=None) | Q(until__gt=Now()))


class Follow(models.Model):
    """`follower` sees the posts of `followee`; pending until a private account accepts."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        PENDING = "pending", _("asked")

    id = models.BigAutoField(primary_key=True)
    follower = models.ForeignKey(User, models.CASCADE, related_name="follows_made", db_index=False)
    followee = models.ForeignKey(User, models.CASCADE, related_name="follows_met", db_index=False)
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.ACTIVE)
    notify = models.BooleanField(_("bell"), default=False)
    # False while one of the two is suspended; changes together with the counts, by and by (ADR 60).
    is_counted = models.BooleanField(default=True, db_default=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = FollowQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow")
        verbose_name_plural = _("follows")
        constraints = [
            models.UniqueConstraint(fields=["follower", "followee"], name="follow_once"),
            models.CheckConstraint(condition=~Q(follower=F("followee")), name="follow_not_self"),
            models.CheckConstraint(condition=Q(status__in=["active", "pending"]), name="follow_status_known"),
        ]
        indexes = [
            # fan-out reads a followee's active followers in key ranges; also what deleting a person looks up
            models.Index(fields=["followee", "status", "follower"], name="follow_audience"),
            # actions.people_counted_wrongly
            models.Index(fields=["id"], condition=Q(is_counted=False), name="follow_uncounted"),
            # selectors.followers_of, following_of, follow_requests_of: newest first
            models.Index(fields=["followee", "-id"], condition=Q(status="active"), name="follow_followers"),
            models.Index(fields=["follower", "-id"], condition=Q(status="active"), name="follow_following"),
            models.Index(fields=["followee", "-id"], condition=Q(status="pending"), name="follow_requests"),
        ]

    def __str__(self) -> str:
        return f"{self.follower_id} → {self.followee_id} ({self.status})"

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class Block(models.Model):
    """`blocker` and `blocked` do not exist for each other, save that `blocker` may unblock."""

    id = models.BigAutoField(primary_key=True)
    blocker = models.ForeignKey(User, models.CASCADE, related_name="blocks_made", db_index=False)
    blocked = models.ForeignKey(User, models.CASCADE, related_name="blocks_met", db_index=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = BlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_not_self"),
        ]
        indexes = [
            models.Index(fields=["blocked", "blocker"], name="block_other_way"),
            models.Index(fields=["blocker", "-id"], name="block_newest"),  # selectors.blocks_of
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} ✕ {self.blocked_id}"


class Mute(models.Model):
    """`muter` does not want to see `muted` at home, until `until` if there is one; `muted` never learns of it."""

    id = models.BigAutoField(primary_key=True)
    muter = models.ForeignKey(User, models.CASCADE, related_name="mutes_made", db_index=False)
    muted = models.ForeignKey(User, models.CASCADE, related_name="mutes_met", db_index=False)
    until = models.DateTimeField(_("ends"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MuteQuerySet.as_manager()

    class Meta:
        verbose_name = _("mute")
        verbose_name_plural = _("mutes")
        constraints = [
            models.UniqueConstraint(fields=["muter", "muted"], name="mute_once"),
            models.CheckConstraint(condition=~Q(muter=F("muted")), name="mute_not_self"),
        ]
        indexes = [
            models.Index(fields=["muted", "muter"], name="mute_other_way"),
            models.Index(fields=["muter", "-id"], name="mute_newest"),  # selectors.mutes_of
            models.Index(
                fields=["until"], condition=Q(until__isnull=False), name="mute_until"
            ),  # the clean-up task
        ]

    def __str__(self) -> str:
        return f"{self.muter_id} – {self.muted_id}"
