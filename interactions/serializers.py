"""The shapes of what people do with posts in the API."""

from typing import Any

from rest_framework import serializers


class BookmarkedSerializer(serializers.Serializer[Any]):
    """Whether you keep a post. Nobody else learns of it."""

    is_bookmarked = serializers.BooleanField()


class LikedSerializer(serializers.Serializer[Any]):
    """Whether you like a post, and how many people do."""

    is_liked = serializers.BooleanField()
    like_count = serializers.IntegerField()
