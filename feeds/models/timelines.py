"""The stored timelines."""

from django.db import models


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
