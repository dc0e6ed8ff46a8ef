"""Posts, their counts, and the stored timelines."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from feeds.door import Audience, audience_includes, not_blocked
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import NextId, time_of

CONTENT_MAX = 2000


class PostQuerySet(models.QuerySet["Post"]):
    def published(self) -> Self:
        """Neither deleted nor hidden by a moderator."""
        return self.filter(deleted_at=None, hidden_at=None)

    def deliverable(self) -> Self:
        """What goes into timelines: also what is hidden, for it may be shown again, and until then the door judges."""
        return self.filter(deleted_at=None)

    def by(self, author: User) -> Self:
        return self.filter(author=author)

    def visible_to(self, viewer: Viewer) -> Self:
        """The door: what `viewer` may see, on every surface; nothing once they are suspended."""
        standing = Q(author__suspended_at=None, author__is_active=True)
        if viewer.is_authenticated:
            standing &= Q(Exists(User.objects.standing().filter(pk=viewer.pk)))
        return self.published().filter(standing, not_blocked(viewer), audience_includes(viewer))

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class Post(models.Model):
    """A thing somebody said. Every row is published."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="posts",
        db_index=False,
        verbose_name=_("author"),
    )
    content = models.TextField(_("text"))
    html = models.TextField(editable=False)
    visibility = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.PUBLIC)
    language = models.CharField(_("language"), max_length=12, blank=True)
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    hidden_at = models.DateTimeField(_("hidden"), null=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.CheckConstraint(condition=Q(visibility__in=Audience.values), name="post_visibility_known"),
            models.CheckConstraint(condition=Q(pk__gt=0, pk__lt=2**53), name="post_id_fits_53_bits"),
        ]
        indexes = [
            # serves: selectors.profile_posts, the lateral join of timelines, backfill
            models.Index(F("author"), F("id").desc(), condition=Q(deleted_at=None), name="post_by_author"),
            # serves: selectors.newest_public (the landing page)
            models.Index(
                F("id").desc(), condition=Q(deleted_at=None, visibility="public"), name="post_public_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"post {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("post", args=[self.author.username, self.pk])

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)


class PostCounts(models.Model):
    """The counts of a post: narrow, because it is hot."""

    post = models.OneToOneField(Post, models.CASCADE, primary_key=True, related_name="counts")
    likes = models.PositiveIntegerField(default=0)
    comments = models.PositiveIntegerField(default=0)
    shares = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"counts of {self.post_id}"


class FeedEntry(models.Model):
    """One line of somebody's stored timeline: a candidate, never the truth. The key is the order."""

    pk = models.CompositePrimaryKey("user_id", "post_id")
    user_id = models.BigIntegerField()
    post_id = models.BigIntegerField()
    author_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.post_id}"


class StoredFloor(models.Model):
    """The id above which somebody's `FeedEntry` rows lack nothing; it only rises. No row: they lack nothing at all."""

    user_id = models.BigIntegerField(primary_key=True)
    floor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.floor}"
