"""The shapes of what people do with posts in the API."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from feeds.filter_shapes import FilteredSerializer
from feeds.serializers import AuthorSerializer, IdField, WrittenSerializer, author_json
from interactions.models import COMMENT_MAX, DEPTH_MOST
from interactions.threads import CommentItem
from socialnet.kernel.links import absolute


class BookmarkedSerializer(serializers.Serializer[Any]):
    """Whether you keep a post. Nobody else learns of it."""

    is_bookmarked = serializers.BooleanField()


class LikedSerializer(serializers.Serializer[Any]):
    """Whether you like a post, and how many people do."""

    is_liked = serializers.BooleanField()
    like_count = serializers.IntegerField()


class CommentSerializer(serializers.Serializer[Any]):
    """A comment as one viewer sees it, with its first replies, without those that your filters hide.

    A tombstone (`is_deleted`) has no author and no words: it was deleted, or is not for you, and others answered it.
    `is_hidden` by the author of the post, `is_muted` by you, or `is_limited` by moderators: fold it away.
    """

    id = serializers.CharField()
    post_id = serializers.CharField()
    author = AuthorSerializer(allow_null=True)
    parent_id = serializers.CharField(allow_null=True)
    replying_to = serializers.CharField(
        allow_null=True, help_text="Whom it answers where the tree ends: a username."
    )
    depth = serializers.IntegerField(min_value=1, max_value=DEPTH_MOST, help_text="1 at the top level.")
    content = serializers.CharField()
    content_html = serializers.CharField()
    like_count = serializers.IntegerField()
    reply_count = serializers.IntegerField()
    is_liked = serializers.BooleanField()
    is_hidden = serializers.BooleanField()
    held = serializers.BooleanField(help_text="It waits for moderators, and only you see it.")
    is_muted = serializers.BooleanField()
    is_limited = serializers.BooleanField()
    is_deleted = serializers.BooleanField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField()
    replies = serializers.ListField(child=serializers.DictField(), help_text="Comments, the oldest first.")
    filtered = FilteredSerializer(required=False)
    replies_cursor = serializers.CharField(
        allow_null=True, help_text="For `comments/{id}/replies`: what comes after these."
    )


class CommentEditSerializer(serializers.Serializer[Any]):
    """What an edit takes. With another `version` than the stored one nothing changes."""

    content = serializers.CharField(
        max_length=COMMENT_MAX * 5,
        trim_whitespace=False,
        allow_blank=True,
        help_text="At most 1,000 characters.",
    )
    version = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**31 - 1
    )

    validate = WrittenSerializer.validate


class NewCommentSerializer(serializers.Serializer[Any]):
    """What commenting takes; `parent_id` is the comment that is answered."""

    content = serializers.CharField(
        max_length=COMMENT_MAX * 5,
        trim_whitespace=False,
        allow_blank=True,
        help_text="At most 1,000 characters.",
    )
    parent_id = IdField(required=False, allow_null=True, default=None)

    validate = WrittenSerializer.validate


class HiddenSerializer(serializers.Serializer[Any]):
    """Whether a comment is folded away under your post."""

    is_hidden = serializers.BooleanField()


class CommentLikedSerializer(serializers.Serializer[Any]):
    """Whether you like a comment, and how many people do."""

    is_liked = serializers.BooleanField()
    like_count = serializers.IntegerField()


class ConversationMutedSerializer(serializers.Serializer[Any]):
    """Whether you hear no more of what is said under a post."""

    is_muted = serializers.BooleanField()


def comment_json(item: CommentItem) -> dict[str, Any]:
    """`item` as `CommentSerializer` describes it."""
    folded = {"filtered": {"action": "fold", "phrases": list(item.filtered)}} if item.filtered else {}
    return {
        "id": str(item.id),
        "post_id": str(item.post_id),
        "author": author_json(item.author) if item.author else None,
        "parent_id": str(item.parent_id) if item.parent_id else None,
        "replying_to": item.replying_to.username if item.replying_to else None,
        "depth": item.depth,
        "content": item.content,
        "content_html": item.content_html,
        "like_count": item.likes,
        "reply_count": item.replies,
        "is_liked": item.is_liked,
        "is_hidden": item.is_hidden,
        "held": item.is_held,
        "is_muted": item.is_muted,
        "is_limited": item.is_limited,
        "is_deleted": not item.is_there,
        "version": item.version,
        "created_at": _utc(item.created_at),
        "edited_at": _utc(item.edited_at),
        "url": absolute(item.url),
        "replies": [comment_json(answer) for answer in item.answers],
        "replies_cursor": item.goes_on.encode() if item.goes_on else None,
        **folded,
    }


def _utc(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
