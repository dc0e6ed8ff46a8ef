"""Hashtags, and which posts carry them."""

from urllib.parse import quote

from django.db import models
from django.utils.translation import gettext_lazy as _

from feeds.models.posts import Post

TAG_MAX = 100


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
    """That a post carries a tag. The key is the order of the tag's page."""

    pk = models.CompositePrimaryKey("hashtag_id", "post_id")
    hashtag = models.ForeignKey(Hashtag, models.CASCADE, related_name="uses", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="tags")

    def __str__(self) -> str:
        return f"{self.hashtag_id} on post {self.post_id}"
