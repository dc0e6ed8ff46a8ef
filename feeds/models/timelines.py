"""The stored timelines."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class FeedEntry(models.Model):
    """One line of somebody's stored timeline: a candidate, never the truth. The key is the order."""

    pk = models.CompositePrimaryKey("user_id", "post_id")
    user_id = models.BigIntegerField()
    post_id = models.BigIntegerField()
    author_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.post_id}"


class PullSource(models.Model):
    """An author whose posts are merged into homes as these are read; only such authors have a row.

    Posts above `since_id` may have been delivered to nobody. `leaving_at`: they are being delivered now.
    """

    author_id = models.BigIntegerField(primary_key=True)
    since_id = models.BigIntegerField()
    entered_at = models.DateTimeField(db_default=Now())
    leaving_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("author merged on read")
        verbose_name_plural = _("authors merged on read")

    def __str__(self) -> str:
        return f"{self.author_id} since {self.since_id}"


class StoredFloor(models.Model):
    """The id above which somebody's `FeedEntry` rows lack nothing; it only rises. No row: they lack nothing at all."""

    user_id = models.BigIntegerField(primary_key=True)
    floor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.floor}"
