"""Hashtags, which posts carry them, how many these are, and who follows them."""

from urllib.parse import quote

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from feeds.models.posts import Post

TAG_MAX = 100
TAG_FOLLOWS_MOST = 200  # of one person: their home asks for as many recent lists


class Hashtag(models.Model):
    """A tag in every spelling; `display` is how it was first written."""

    name = models.CharField(max_length=TAG_MAX, unique=True, help_text=_("NFKC, case folded"))
    display = models.CharField(max_length=TAG_MAX)

    class Meta:
        verbose_name = _("hashtag")
        verbose_name_plural = _("hashtags")

    def __str__(self) -> str:
        return f"#{self.display}"

    def get_absolute_url(self) -> str:
        return f"/tags/{quote(self.name)}"  # as the route "tag" has it


class PostHashtag(models.Model):
    """That a post carries a tag. The key is the order of the tag's page.

    `is_counted`: it is in `HashtagCounts.posts`, see `feeds.tag_counts`.
    """

    pk = models.CompositePrimaryKey("hashtag_id", "post_id")
    hashtag = models.ForeignKey(Hashtag, models.CASCADE, related_name="uses", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="tags")
    is_counted = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return f"{self.hashtag_id} on post {self.post_id}"


class HashtagCounts(models.Model):
    """How many posts with a tag every visitor may see: narrow, because it is hot."""

    hashtag = models.OneToOneField(Hashtag, models.CASCADE, primary_key=True, related_name="counts")
    posts = models.PositiveIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"counts of {self.hashtag_id}"


class TagFollow(models.Model):
    """That posts with a tag come into somebody's home; nobody else learns of it."""

    pk = models.CompositePrimaryKey("user_id", "hashtag_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="tag_follows", db_index=False
    )
    hashtag = models.ForeignKey(Hashtag, models.CASCADE, related_name="follows")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.hashtag_id}"
