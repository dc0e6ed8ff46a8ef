"""The inbox: what a person is told, and by whom."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.registry import KINDS, Kind
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import NextId, time_of

KIND_CHOICES = [(kind.name, kind.label) for kind in KINDS.values()]


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, recipient: User) -> Self:
        return self.filter(recipient=recipient.pk)

    def standing(self) -> Self:
        """Those that have a cause still; the others are seen nowhere."""
        return self.filter(stands=True)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(place__lt=cursor.before)


class Notification(models.Model):
    """One piece of news in somebody's inbox; while it is open, people join it who do the same to the same `target`.

    `target_id` is what they do it to, in the words of its kind: a post, a comment, or the other person. `post_id` and
    `comment_id` are what it leads to; plain numbers, because what is gone is found by the door when it is read. A row
    whose causes are all undone does not stand: it is seen nowhere, and remembers only that it was told.
    """

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=24, choices=KIND_CHOICES)
    target_id = models.BigIntegerField(editable=False)
    post_id = models.BigIntegerField(null=True, editable=False)
    comment_id = models.BigIntegerField(null=True, editable=False)
    words = models.JSONField(
        default=dict, db_default={}, editable=False, help_text=_("What is known of nothing else.")
    )
    actor_count = models.PositiveIntegerField(_("people"), default=0, db_default=0, editable=False)
    stands = models.BooleanField(_("has a cause"), default=True, db_default=True, editable=False)
    # Its place in the inbox, as ids are: it moves up when somebody joins.
    place = models.BigIntegerField(db_default=NextId(), editable=False)
    due_at = models.DateTimeField(_("due"), editable=False)
    told_at = models.DateTimeField(_("told"), null=True, editable=False)
    closes_at = models.DateTimeField(_("closes"), null=True, editable=False)
    read_at = models.DateTimeField(_("read"), null=True, editable=False)
    is_open = models.BooleanField(_("open"), default=True, db_default=True, editable=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.CheckConstraint(condition=Q(pk__gt=0, pk__lt=2**53), name="notification_id_fits_53_bits"),
            models.CheckConstraint(condition=Q(place__gt=0, place__lt=2**53), name="notification_place_fits"),
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="notification_kind_known"),
            models.CheckConstraint(
                condition=Q(is_open=False) | Q(read_at=None), name="notification_read_is_closed"
            ),
            # serves: settling.find_open
            models.UniqueConstraint(
                fields=["recipient", "kind", "target_id"],
                condition=Q(is_open=True),
                name="notification_open_once",
            ),
        ]
        indexes = [
            # serves: selectors.inbox_page
            models.Index(
                F("recipient"), F("place").desc(), condition=Q(stands=True), name="notification_inbox"
            ),
            # serves: selectors.unread_count
            models.Index(
                fields=["recipient"], condition=Q(stands=True, read_at=None), name="notification_unread"
            ),
            # serves: settling, which looks for what was told of the same lately
            models.Index(F("recipient"), F("kind"), F("target_id"), F("id").desc(), name="notification_same"),
            # serves: telling.due
            models.Index(
                fields=["due_at"],
                condition=Q(stands=True, told_at=None, read_at=None),
                name="notification_due",
            ),
            # serves: settling of what happens to a post or a comment
            models.Index(fields=["post_id"], condition=Q(post_id__isnull=False), name="notification_by_post"),
            models.Index(
                fields=["comment_id"], condition=Q(comment_id__isnull=False), name="notification_by_comment"
            ),
            # serves: the hourly cap
            models.Index(
                fields=["recipient", "told_at"], condition=Q(told_at__isnull=False), name="notification_told"
            ),
            # serves: upkeep.forget_read
            models.Index(fields=["read_at"], condition=Q(read_at__isnull=False), name="notification_read"),
            # serves: upkeep.forget_vanished
            models.Index(fields=["place"], condition=Q(stands=False), name="notification_vanished"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)

    @property
    def updated_at(self) -> datetime:
        """When somebody joined last."""
        return time_of(self.place)

    @property
    def is_read(self) -> bool:
        return self.read_at is not None

    @property
    def is_seen(self) -> bool:
        """Whether nobody needs to be told of it any more: it was read, and reading is enough for its kind."""
        return self.is_read and not self.registered.urgent

    @property
    def registered(self) -> Kind:
        return KINDS[self.kind]


class NotificationActor(models.Model):
    """Who did it: one row a person, whatever their fingers do; inactive once they took it back."""

    pk = models.CompositePrimaryKey("notification_id", "actor_id")
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="actors", db_index=False)
    # Its index serves the removal of people, and blocks.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notified_of")
    is_active = models.BooleanField(_("stands"), default=True, db_default=True)
    # A time-ordered number as ids are: when they did it last.
    place = models.BigIntegerField(db_default=NextId(), editable=False)

    class Meta:
        verbose_name = _("person of a notification")
        verbose_name_plural = _("people of notifications")

    def __str__(self) -> str:
        return f"{self.actor_id} of {self.notification_id}"
