"""The shapes of posts in the API. Hot reads build the dict; the serializer classes describe it and parse input."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.cards import AuthorCard
from feeds.door import Audience
from feeds.models import CONTENT_MAX
from feeds.selectors import FeedItem
from socialnet.kernel.links import absolute


class AuthorSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    username = serializers.CharField()
    display_name = serializers.CharField()
    avatar_url = serializers.URLField(allow_null=True)
    is_private = serializers.BooleanField()
    url = serializers.URLField()


class ReasonSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["followed", "you"])
    label = serializers.CharField()  # type: ignore[assignment]  # the API's word; shadows Field.label


class PostSerializer(serializers.Serializer[Any]):
    """A post as one viewer sees it."""

    id = serializers.CharField()
    author = AuthorSerializer()
    content = serializers.CharField()
    content_html = serializers.CharField()
    media = serializers.ListField(child=serializers.DictField())
    visibility = serializers.ChoiceField(choices=Audience.choices)
    group = serializers.CharField(allow_null=True)
    share_of = serializers.CharField(allow_null=True)
    content_warning = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    like_count = serializers.IntegerField()
    comment_count = serializers.IntegerField()
    share_count = serializers.IntegerField()
    pinned = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField()
    is_liked = serializers.BooleanField(required=False)
    is_bookmarked = serializers.BooleanField(required=False)
    is_shared = serializers.BooleanField(required=False)


class FeedPostSerializer(PostSerializer):
    """A post in a feed: it says why it is there."""

    reason = ReasonSerializer()


class NewPostSerializer(serializers.Serializer[Any]):
    """What publishing takes; the action decides what may be kept."""

    content = serializers.CharField(
        max_length=CONTENT_MAX * 5,
        trim_whitespace=False,
        allow_blank=True,
        help_text="At most 2,000 characters.",
    )
    visibility = serializers.ChoiceField(choices=Audience.choices, default=Audience.PUBLIC)
    language = serializers.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$", max_length=12, required=False, allow_blank=True, default=""
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What we do not know we would drop: better refused than lost."""
        unknown = sorted(set(self.initial_data) - set(self.fields) - {"csrfmiddlewaretoken"})
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such field.")] for name in unknown})
        return attrs


class HeadSerializer(serializers.Serializer[Any]):
    """The newest ids of a feed, newest first."""

    ids = serializers.ListField(child=serializers.CharField())
    newest_id = serializers.CharField(allow_null=True)


class LiveSerializer(serializers.Serializer[Any]):
    """Snapshots as the socket sends them, and the socket's address."""

    snapshots = serializers.ListField(child=serializers.DictField())
    live_url = serializers.URLField()


def author_json(card: AuthorCard) -> dict[str, Any]:
    return {
        "id": str(card.id),
        "username": card.username,
        "display_name": card.display_name,
        "avatar_url": absolute(card.avatar_url),
        "is_private": card.is_private,
        "url": absolute(card.url),
    }


def post_json(item: FeedItem, *, signed_in: bool) -> dict[str, Any]:
    """`item` as `PostSerializer` describes it; with a reason, as `FeedPostSerializer` does."""
    card, counts = item.card, item.counts
    post: dict[str, Any] = {
        "id": str(item.id),
        "author": author_json(item.author),
        "content": card["content"],
        "content_html": card["html"],
        "media": [],
        "visibility": card["visibility"],
        "group": None,
        "share_of": None,
        "content_warning": None,
        "language": card["language"] or None,
        "like_count": counts["likes"],
        "comment_count": counts["comments"],
        "share_count": counts["shares"],
        "pinned": False,
        "created_at": card["created_at"],
        "edited_at": card["edited_at"],
        "url": absolute(item.url),
    }
    if signed_in:
        post |= {"is_liked": False, "is_bookmarked": False, "is_shared": False}
    if item.reason:
        post["reason"] = {"kind": item.reason.kind, "label": item.reason.label}
    return post
