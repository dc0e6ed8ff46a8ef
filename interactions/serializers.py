"""The shapes of what people do with posts in the API."""

from typing import Any

from rest_framework import serializers


class BookmarkedSerializer(serializers.Serializer[Any]):
    """Whether you keep a post. Nobody else learns of it."""

    is_bookmarked = serializers.BooleanField()
