"""Shapes of people to follow and of interests in the API."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import UserSerializer
from discovery.models import Source
from discovery.people.topics import TOPICS


class SuggestionReasonSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Source.values)
    label = serializers.CharField()  # type: ignore[assignment]  # a name that DRF uses, too


class SuggestedUserSerializer(UserSerializer):
    """A person, and why they are suggested."""

    reason = SuggestionReasonSerializer()


class TopicSerializer(serializers.Serializer[Any]):
    topic = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a name that DRF uses, too
    is_chosen = serializers.BooleanField()


class InterestsSerializer(serializers.Serializer[Any]):
    interests = serializers.ListField(child=serializers.CharField(), help_text="The topics you chose.")
    by_place = serializers.BooleanField(
        help_text="You are suggested to people of the same place who chose this, too, and they to you."
    )
    topics = TopicSerializer(many=True, help_text="All that there are.")


class InterestsInput(serializers.Serializer[Any]):
    """`interests` replaces what was chosen; `by_place` stays as it is when it is not sent."""

    interests = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TOPICS)), max_length=len(TOPICS)
    )
    by_place = serializers.BooleanField(required=False)
