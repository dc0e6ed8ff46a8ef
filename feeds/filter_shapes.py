"""The shapes of filters and insights in the API."""

from typing import Any

from rest_framework import serializers

from feeds.filter_preview import Preview
from feeds.insights import Day, Insights
from feeds.models import PHRASE_MAX, FilterAction, FilterPlace, KeywordFilter
from feeds.serializers import FeedPostSerializer, PostSerializer, WrittenSerializer, post_json


class FilterSerializer(serializers.Serializer[Any]):
    """Words that you do not want to read."""

    id = serializers.CharField()
    phrase = serializers.CharField()
    whole_word = serializers.BooleanField()
    action = serializers.ChoiceField(choices=FilterAction.choices)
    where = serializers.ListField(child=serializers.ChoiceField(choices=FilterPlace.choices))
    expires_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class NewFilterSerializer(serializers.Serializer[Any]):
    """What a filter takes."""

    phrase = serializers.CharField(max_length=PHRASE_MAX * 5, help_text="At most 100 characters.")
    whole_word = serializers.BooleanField(
        default=True, help_text="Not inside of other words. Scripts without spaces have no such places."
    )
    action = serializers.ChoiceField(choices=FilterAction.choices, default=FilterAction.HIDE)
    where = serializers.ListField(
        child=serializers.ChoiceField(choices=FilterPlace.choices),
        allow_empty=False,
        max_length=len(FilterPlace.values),
        default=FilterPlace.values,
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    validate = WrittenSerializer.validate


class FilterPreviewSerializer(serializers.Serializer[Any]):
    """How many of the newest posts of your home have the words, and the newest of these."""

    matches = serializers.IntegerField()
    looked_at = serializers.IntegerField(help_text="At most 200.")
    examples = PostSerializer(many=True)


class FilteredSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=FilterAction.choices, help_text="fold")
    phrases = serializers.ListField(child=serializers.CharField())


class FilteredPostSerializer(FeedPostSerializer):
    """A post of your home. What your filters fold away says so; what they hide is not there."""

    filtered = FilteredSerializer(required=False)


class DaySerializer(serializers.Serializer[Any]):
    """A day of UTC."""

    day = serializers.DateField()
    shown = serializers.IntegerField(help_text="Posts that your home showed you.")
    filtered = serializers.IntegerField(help_text="Posts that your filters hid or folded there.")
    impressions = serializers.IntegerField(help_text="How often posts of yours were shown to others.")
    likes = serializers.IntegerField()
    comments = serializers.IntegerField()
    shares = serializers.IntegerField()
    engagement_rate = serializers.FloatField(
        allow_null=True, help_text="(likes + comments + shares) / impressions."
    )
    followers = serializers.IntegerField(allow_null=True, help_text="At the end of the day, where counted.")
    new_followers = serializers.IntegerField(allow_null=True)


class InsightsSerializer(serializers.Serializer[Any]):
    """Your last days, the oldest first, up to an hour old."""

    counted_at = serializers.DateTimeField()
    is_whole = serializers.BooleanField(help_text="False when there was no time to count who reacted.")
    total = DaySerializer()
    days = DaySerializer(many=True)


class InsightsQuery(serializers.Serializer[Any]):
    days = serializers.ChoiceField(choices=[7, 28, 90], default=28)


def filter_json(row: KeywordFilter) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "phrase": row.phrase,
        "whole_word": row.whole_word,
        "action": row.action,
        "where": row.places,
        "expires_at": _utc(row.expires_at),
        "created_at": _utc(row.created_at),
    }


def preview_json(preview: Preview) -> dict[str, Any]:
    return {
        "matches": preview.matches,
        "looked_at": preview.looked_at,
        "examples": [post_json(item, signed_in=True) for item in preview.examples],
    }


def insights_json(insights: Insights) -> dict[str, Any]:
    return {
        "counted_at": _utc(insights.counted_at),
        "is_whole": insights.is_whole,
        "total": _day_json(insights.total),
        "days": [_day_json(day) for day in insights.days],
    }


def _day_json(day: Day) -> dict[str, Any]:
    names = ("shown", "filtered", "impressions", "likes", "comments", "shares", "followers", "new_followers")
    rate = day.engagement_rate
    return {
        "day": day.day.isoformat(),
        **{name: getattr(day, name) for name in names},
        "engagement_rate": None if rate is None else round(rate, 4),
    }


def _utc(moment: Any) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
