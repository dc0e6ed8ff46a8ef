"""The shapes of search in the API. No decisions."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import UserSerializer
from discovery.search.marks import Marks
from feeds.serializers import AuthorSerializer, HashtagSerializer, PostSerializer
from feeds.text import plain_content, tag_url
from groups.serializers import GroupSerializer
from socialnet.kernel.links import absolute


class PartSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    is_match = serializers.BooleanField()


class HighlightsSerializer(serializers.Serializer[Any]):
    """Texts in pieces, those that match marked; null where there is nothing of the kind."""

    content = PartSerializer(many=True, allow_null=True)
    username = PartSerializer(many=True, allow_null=True)
    display_name = PartSerializer(many=True, allow_null=True)
    bio = PartSerializer(many=True, allow_null=True)


class FoundSerializer(serializers.Serializer[Any]):
    """Something that was found: a post, a user, a hashtag or a group; the others are null."""

    type = serializers.CharField(help_text="post, user, hashtag or group")
    post = PostSerializer(allow_null=True)
    user = UserSerializer(allow_null=True)
    hashtag = HashtagSerializer(allow_null=True)
    group = GroupSerializer(allow_null=True)
    highlights = HighlightsSerializer()


class SuggestionSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="user or hashtag")
    user = AuthorSerializer(allow_null=True)
    hashtag = HashtagSerializer(allow_null=True)


class SuggestionsSerializer(serializers.Serializer[Any]):
    results = SuggestionSerializer(many=True)


_NOTHING: dict[str, Any] = {"post": None, "user": None, "hashtag": None, "group": None}
_UNMARKED = dict.fromkeys(("content", "username", "display_name", "bio"))


def found_post(shape: dict[str, Any], marks: Marks) -> dict[str, Any]:
    content = _parts(marks, plain_content(shape["content"]))
    return {"type": "post", **_NOTHING, "post": shape, "highlights": {**_UNMARKED, "content": content}}


def found_user(shape: dict[str, Any], marks: Marks) -> dict[str, Any]:
    marked = {
        "username": _parts(marks, shape["username"], beginnings=True),
        "display_name": _parts(marks, shape["display_name"], beginnings=True),
        "bio": _parts(marks, shape["bio"]) if shape["bio"] else None,
    }
    return {"type": "user", **_NOTHING, "user": shape, "highlights": {**_UNMARKED, **marked}}


def found_hashtag(tag: Any) -> dict[str, Any]:
    return {"type": "hashtag", **_NOTHING, "hashtag": hashtag_json(tag), "highlights": _UNMARKED}


def found_group(shape: dict[str, Any]) -> dict[str, Any]:
    return {"type": "group", **_NOTHING, "group": shape, "highlights": _UNMARKED}


def hashtag_json(tag: Any) -> dict[str, Any]:
    return {"name": tag.name, "display": tag.display, "url": absolute(tag_url(tag.name))}


def _parts(marks: Marks, text: str, *, beginnings: bool = False) -> list[dict[str, Any]]:
    return [
        {"text": part.text, "is_match": part.is_match} for part in marks.parts(text, beginnings=beginnings)
    ]
