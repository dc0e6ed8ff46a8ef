"""What a person wrote and follows here, for their archive."""

from collections.abc import Iterator

from django.db.models import F

from accounts.hooks import ExportPart
from feeds.models import (
    DailyFeedStats,
    Draft,
    HiddenPost,
    KeywordFilter,
    Media,
    Pin,
    Post,
    PostRevision,
    ReadMarker,
    TagFollow,
)

_POST = (
    "id", "content", "visibility", "language", "reply_policy", "content_warning", "share_of_id",
    "edited_at", "hidden_at", "held_at", "group_slug",
)  # fmt: skip


def parts(user_id: int) -> Iterator[ExportPart]:
    posts = Post.objects.filter(author=user_id, deleted_at=None).order_by("pk")
    yield ExportPart.of("posts.json", posts.annotate(group_slug=F("group__slug")), *_POST)
    revisions = PostRevision.objects.filter(post__author=user_id, post__deleted_at=None).order_by("pk")
    yield ExportPart.of("revisions.json", revisions, "id", "post_id", "content", "content_warning")
    drafts = Draft.objects.filter(author=user_id).annotate(group_slug=F("group__slug")).order_by("pk")
    yield ExportPart.of(
        "drafts.json", drafts, "id", "content", "visibility", "group_slug", "language", "content_warning",
        "scheduled_for", "updated_at",
    )  # fmt: skip
    pins = Pin.objects.filter(user=user_id).order_by("position")
    yield ExportPart.of("pins.json", pins, "post_id", "position")
    tags = TagFollow.objects.filter(user=user_id).annotate(tag=F("hashtag__display")).order_by("hashtag_id")
    yield ExportPart.of("tags.json", tags, "tag", "created_at")
    filters = KeywordFilter.objects.filter(user=user_id).order_by("slot")
    yield ExportPart.of(
        "filters.json", filters, "phrase", "whole_word", "action", "places", "expires_at", "created_at"
    )
    hidden = HiddenPost.objects.filter(user=user_id).order_by("pk")
    yield ExportPart.of("hidden_posts.json", hidden, "post_id")
    days = DailyFeedStats.objects.filter(user=user_id).order_by("day")
    yield ExportPart.of("days.json", days, "day", "shown", "filtered", "impressions", "followers")
    marker = ReadMarker.objects.filter(user_id=user_id)
    yield ExportPart.of("read.json", marker, "last_read_id", "updated_at")
    pictures = Media.objects.filter(owner=user_id).order_by("pk")
    yield ExportPart.of(
        "pictures.json", pictures, "id", "post_id", "draft_id", "position", "alt", "width", "height"
    )
    for picture_id, name in pictures.filter(is_stored=True).values_list("pk", "large_name").iterator():
        yield ExportPart(f"pictures/{picture_id}.webp", stored=name)
