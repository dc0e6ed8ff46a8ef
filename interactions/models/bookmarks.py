"""What people keep of what others wrote."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from feeds.models import Post
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import NextId, time_of

# For `feeds.hooks.viewer_facts`: of post p and viewer v; by the index of bookmark_once.
IS_BOOKMARKED = (
    "EXISTS (SELECT 1 FROM interactions_bookmark kept WHERE kept.user_id = v.id AND kept.post_id = p.id)"
)


class BookmarkQuerySet(models.QuerySet["Bookmark"]):
    def of(self, user: User) -> Self:
        return self.filter(user=user.pk)

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class Bookmark(models.Model):
    """That somebody keeps a post, for their own eyes only; the id tells when, and is the order of the list."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="bookmarks", db_index=False
    )
    # Its index serves the removal of posts.
    post = models.ForeignKey(Post, models.CASCADE, related_name="bookmarks")

    objects = BookmarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("bookmark")
        verbose_name_plural = _("bookmarks")
        constraints = [
            models.UniqueConstraint(fields=["user", "post"], name="bookmark_once"),  # serves: IS_BOOKMARKED
        ]
        indexes = [
            models.Index(F("user"), F("id").desc(), name="bookmark_newest"),  # serves: selectors.bookmarks_of
        ]

    def __str__(self) -> str:
        return f"bookmark {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)
