"""Shapes of browsers that are told, and what the API takes. No decisions."""

from typing import Any

from rest_framework import serializers

from notifications.models import PushSubscription


class PushSubscriptionSerializer(serializers.ModelSerializer[PushSubscription]):
    id = serializers.CharField()

    class Meta:
        model = PushSubscription
        fields = ["id", "label", "created_at", "used_at"]


class KeysInput(serializers.Serializer[Any]):
    p256dh = serializers.CharField(max_length=100)
    auth = serializers.CharField(max_length=50)


class EndpointInput(serializers.Serializer[Any]):
    endpoint = serializers.CharField(max_length=1000, trim_whitespace=False)


class PushSubscriptionInput(EndpointInput):
    """What a browser's `PushSubscription.toJSON()` says, and how its owner will know it again."""

    keys = KeysInput()
    label = serializers.CharField(  # type: ignore[assignment]  # a field, not a serializer's own label
        required=False, allow_blank=True, max_length=60, default=""
    )
