"""Pictures of posts and drafts, and those whose files wait for their place."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from feeds.models.drafts import Draft
from feeds.models.posts import Post
from socialnet.outbox.ids import NextId, time_of

MEDIA_MOST = 4
ALT_MAX = 1500


class Media(models.Model):
    """One picture, drawn anew in two sizes. It belongs to a post, to a draft, or for a day to nothing."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="media", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, null=True, related_name="media", db_index=False)
    draft = models.ForeignKey(Draft, models.SET_NULL, null=True, related_name="media")
    position = models.PositiveSmallIntegerField(default=0)
    alt = models.CharField(_("description"), max_length=ALT_MAX, blank=True, default="")
    large_name = models.CharField(max_length=200, unique=True)
    small_name = models.CharField(max_length=200, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    small_width = models.PositiveIntegerField()
    blurhash = models.CharField(max_length=100)
    is_animated = models.BooleanField(default=False)
    is_stored = models.BooleanField(
        default=True, help_text=_("False while the files wait in PendingFile for the storage.")
    )

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        constraints = [
            models.CheckConstraint(
                condition=Q(position__range=(0, MEDIA_MOST - 1)), name="media_position_known"
            ),
            # serves: the pictures of a post, in their order
            models.UniqueConstraint(
                fields=["post", "position"],
                name="media_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="media_has_a_size"),
        ]
        indexes = [
            # serves: the limit on unattached uploads, the page of one's own, deletion of a person
            models.Index(F("owner"), F("id").desc(), name="media_by_owner"),
            # serves: upkeep, which collects what was never attached
            models.Index(F("id"), condition=Q(post=None, draft=None), name="media_unattached"),
            models.Index(F("id"), condition=Q(is_stored=False), name="media_waiting"),
        ]

    def __str__(self) -> str:
        return f"picture {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)


class PendingFile(models.Model):
    """A file that the storage could not take yet. PostgreSQL keeps it until it can."""

    media = models.ForeignKey(Media, models.CASCADE, related_name="pending_files")
    name = models.CharField(max_length=200, unique=True)
    data = models.BinaryField()

    def __str__(self) -> str:
        return self.name
