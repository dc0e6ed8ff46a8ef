"""The shapes of drafts in the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from feeds.actions.drafts import storable
from feeds.cards import media_card
from feeds.door import Audience
from feeds.models import DRAFT_CONTENT_MAX, DRAFT_WARNING_MAX, Draft, ReplyPolicy
from feeds.serializers import GroupField, IdField, MediaSerializer, WrittenSerializer, media_json


class DraftSerializer(serializers.Serializer[Any]):
    """What its author has not said yet. With `problem` it could not be published at its time."""

    id = serializers.CharField()
    content = serializers.CharField()
    visibility = serializers.ChoiceField(choices=Audience.choices)
    group = serializers.CharField(allow_null=True, help_text="The slug of the group that it is for.")
    language = serializers.CharField(allow_null=True)
    reply_policy = serializers.ChoiceField(choices=ReplyPolicy.choices)
    content_warning = serializers.CharField(allow_null=True)
    media = MediaSerializer(many=True)
    media_ids = serializers.ListField(child=serializers.CharField())
    share_of = serializers.CharField(allow_null=True, help_text="The post that it quotes.")
    scheduled_for = serializers.DateTimeField(allow_null=True)
    problem = serializers.CharField(allow_null=True, help_text="A code.")
    problem_text = serializers.CharField(allow_null=True, help_text="A sentence.")
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class TypedField(serializers.CharField):
    """Text as somebody typed it; nothing but its length is judged, counted as it will be kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            trim_whitespace=False, allow_blank=True, allow_null=True, required=False, default="", **options
        )

    def to_internal_value(self, data: Any) -> str:
        return storable(super().to_internal_value(data))


class NewDraftSerializer(WrittenSerializer):
    """What a draft takes; nothing is required. With `scheduled_for` it must be fit to be published."""

    content = TypedField(max_length=DRAFT_CONTENT_MAX)
    language = serializers.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$",
        max_length=12,
        required=False,
        allow_blank=True,
        allow_null=True,
        default="",
    )
    content_warning = TypedField(max_length=DRAFT_WARNING_MAX)
    group = GroupField()
    share_of = IdField(required=False, allow_null=True, default=None, help_text="The post that it quotes.")
    scheduled_for = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="At most a year ahead; null for no time."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        empty = {
            name: "" for name in ("content", "language", "content_warning") if attrs.get(name, "") is None
        }
        return {**attrs, **empty}


class DraftChangesSerializer(NewDraftSerializer):
    """What is left out stays as it is. With another `version` than the stored one nothing changes."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("visibility", Audience.GROUP) != Audience.GROUP:
            attrs.setdefault("group", None)  # who chooses another audience leaves the group
        if "version" not in attrs:  # the others may be left out
            raise serializers.ValidationError({"version": [_("Say which version you changed.")]})
        return super().validate(attrs)


def draft_json(draft: Draft) -> dict[str, Any]:
    """`draft` as `DraftSerializer` describes it."""
    pictures = draft.pictures
    return {
        "id": str(draft.pk),
        "content": draft.content,
        "visibility": draft.visibility,
        "group": draft.group.slug if draft.group else None,
        "language": draft.language or None,
        "reply_policy": draft.reply_policy,
        "content_warning": draft.content_warning or None,
        "media": [media_json(media_card(picture)) for picture in pictures],
        "media_ids": [str(picture.pk) for picture in pictures],
        "share_of": str(draft.share_of_id) if draft.share_of_id else None,
        "scheduled_for": _utc(draft.scheduled_for),
        "problem": draft.problem or None,
        "problem_text": draft.problem_text or None,
        "version": draft.version,
        "created_at": _utc(draft.created_at),
        "updated_at": _utc(draft.updated_at),
    }


def fields_of(draft: Draft) -> dict[str, Any]:
    """What `actions.save_draft` would have been given to make it what it is."""
    return {
        "content": draft.content,
        "visibility": draft.visibility,
        "group": draft.group,
        "language": draft.language,
        "reply_policy": draft.reply_policy,
        "content_warning": draft.content_warning,
        "media_ids": [picture.pk for picture in draft.pictures],
        "share_of": draft.share_of_id,
        "scheduled_for": draft.scheduled_for,
    }


def _utc(moment: Any) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
