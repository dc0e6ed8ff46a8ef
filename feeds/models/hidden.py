"""Single posts that people do not want to see."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from socialnet.outbox.ids import NextId, time_of

HIDDEN_MOST = 5_000  # of one person: a copy of their ids stands in while PostgreSQL is away
HIDDEN_OF_PERSON = (
    "SELECT post_id FROM feeds_hiddenpost WHERE user_id = %(viewer)s"  # for `accounts.hooks.standins`
)


class HiddenPostQuerySet(models.QuerySet["HiddenPost"]):
    def of(self, person: User) -> Self:
        return self.filter(user=person.pk)


class HiddenPost(models.Model):
    """That somebody hid a post from themselves, of a share what it shares; nobody else learns of it.

    The id tells when, and is the order of the list.
    """

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="hidden_posts", db_index=False
    )
    # Its index serves the removal of posts.
    post = models.ForeignKey("feeds.Post", models.CASCADE, related_name="hidden_by")

    objects = HiddenPostQuerySet.as_manager()

    class Meta:
        verbose_name = _("hidden post")
        verbose_name_plural = _("hidden posts")
        constraints = [
            # serves: the mark is_hidden of feeds.door
            models.UniqueConstraint(fields=["user", "post"], name="hidden_post_once"),
        ]
        indexes = [
            models.Index(F("user"), F("id").desc(), name="hidden_post_newest"),  # serves: selectors.hidden_of
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} hidden from {self.user_id}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)
