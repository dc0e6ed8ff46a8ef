"""Who likes what."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from feeds.models import Post
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import NextId, time_of

# For `feeds.hooks.viewer_facts`: of post p and viewer v; by the primary key.
IS_LIKED = (
    "EXISTS (SELECT 1 FROM interactions_like liked"
    " WHERE liked.user_id = v.id AND liked.post_id = p.id AND liked.is_active)"
)


class LikeQuerySet(models.QuerySet["Like"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def of(self, user: User) -> Self:
        return self.filter(user=user.pk)

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(place__lt=cursor.before)


class Like(models.Model):
    """That somebody likes a post, or did until they took it back: one row a pair, whatever its fingers do."""

    pk = models.CompositePrimaryKey("user_id", "post_id")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="likes", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="likes", db_index=False)
    is_active = models.BooleanField(_("stands"), default=True, db_default=True)
    # A time-ordered number as ids are: when it was liked last, and its place among those who like and what is liked.
    place = models.BigIntegerField(db_default=NextId(), editable=False)

    objects = LikeQuerySet.as_manager()

    class Meta:
        verbose_name = _("like")
        verbose_name_plural = _("likes")
        constraints = [
            models.CheckConstraint(condition=Q(place__gt=0, place__lt=2**53), name="like_place_fits_53_bits"),
        ]
        indexes = [
            # serves: selectors.likers_of, and, because it has those taken back, too, the removal of posts
            models.Index(F("post"), F("place").desc(), name="like_by_post"),
            # serves: selectors.likes_of
            models.Index(F("user"), F("place").desc(), condition=Q(is_active=True), name="like_newest"),
            # serves: upkeep.forget_inactive_likes
            models.Index(fields=["place"], condition=Q(is_active=False), name="like_taken_back"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} likes {self.post_id}"

    @property
    def liked_at(self) -> datetime:
        return time_of(self.place)
