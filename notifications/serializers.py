"""The shapes of what people are told in the API, and what the API takes."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from feeds.filter_shapes import FilteredSerializer
from feeds.serializers import AuthorSerializer, IdField, WrittenSerializer, author_json
from notifications.items import InboxItem, few_words, words_of
from notifications.registry import KINDS
from socialnet.kernel.links import absolute

IDS_MOST = 100


class SubjectSerializer(serializers.Serializer[Any]):
    """A post or a comment that a notification is about, as far as you may see it."""

    id = serializers.CharField()
    url = serializers.URLField()
    excerpt = serializers.CharField()


class NotificationSerializer(serializers.Serializer[Any]):
    """A piece of news. `actors` are the newest of `actor_count` people; `post` and `comment` what it is about, if you
    may see it; `updated_at` is when somebody joined last."""

    id = serializers.CharField()
    type = serializers.ChoiceField(choices=list(KINDS))
    actors = AuthorSerializer(many=True)
    actor_count = serializers.IntegerField()
    post = SubjectSerializer(allow_null=True)
    comment = SubjectSerializer(allow_null=True)
    group = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    is_read = serializers.BooleanField()
    filtered = FilteredSerializer(required=False)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.URLField()


class UnreadCountSerializer(serializers.Serializer[Any]):
    """How many notifications you have not read, and as a badge shows it."""

    unread = serializers.IntegerField()
    display = serializers.CharField()


class UnreadSerializer(serializers.Serializer[Any]):
    """How many notifications you have not read."""

    unread = serializers.IntegerField()


class ReadInput(serializers.Serializer[Any]):
    """One of these. Ids that are not of your notifications change nothing."""

    ids = serializers.ListField(child=IdField(), required=False, max_length=IDS_MOST)
    up_to = IdField(required=False, help_text="A notification: it and all that stand below it.")
    all = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        WrittenSerializer.validate(self, attrs)  # type: ignore[arg-type]  # what we do not know is refused
        named = [name for name in ("ids", "up_to", "all") if name in attrs]
        if len(named) != 1:
            raise serializers.ValidationError(_("Say one of ids, up_to and all."))
        if attrs.get("all") is False:
            raise serializers.ValidationError({"all": [_("Only true says something.")]})
        return attrs


def notification_json(item: InboxItem) -> dict[str, Any]:
    """`item` as `NotificationSerializer` describes it."""
    folded = {"filtered": {"action": "fold", "phrases": list(item.filtered)}} if item.filtered else {}
    return {
        "id": str(item.id),
        "type": item.kind,
        "actors": [author_json(card) for card in item.actors],
        "actor_count": item.count,
        "post": _subject(item.post.id, item.post.url, words_of(item.post)) if item.post else None,
        "comment": _subject(item.comment.pk, item.url, few_words(item.comment.content))
        if item.comment
        else None,
        "group": item.group.slug if item.group else None,
        "text": item.text,
        "is_read": item.is_read,
        "created_at": _utc(item.row.created_at),
        "updated_at": _utc(item.updated_at),
        "url": absolute(item.url),
        **folded,
    }


def _subject(ident: int, url: str, excerpt: str) -> dict[str, Any]:
    return {"id": str(ident), "url": absolute(url), "excerpt": excerpt}


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
