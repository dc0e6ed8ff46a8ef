"""What the API says of finding things: shapes, no decisions."""

from functools import cache
from typing import Any

from rest_framework import serializers

from accounts.cards import AuthorCard
from discovery.trends.reading import Entry, Trends
from feeds.items import FeedItem
from feeds.serializers import AuthorSerializer, PostSerializer, author_json, post_json
from socialnet.kernel.links import absolute
from socialnet.kernel.rest.fields import SerializerClass


class TrendSerializer(serializers.Serializer[Any]):
    """Why something trends: `score` and all that it is made of, explained at /help/trends."""

    score = serializers.FloatField()
    why = serializers.CharField(help_text="In words, e.g. “40 people in the last hour”.")
    parts = serializers.DictField()


class TrendingHashtagSerializer(TrendSerializer):
    name = serializers.CharField()
    display = serializers.CharField()
    url = serializers.URLField()


class TrendingPostSerializer(TrendSerializer):
    post = PostSerializer()


class TrendingUserSerializer(TrendSerializer):
    user = AuthorSerializer()


@cache
def trends_of(serializer_class: SerializerClass) -> SerializerClass:
    """A page of trends, and the moment of which it tells; null when nothing was ever computed."""
    name = serializer_class.__name__.removesuffix("Serializer")
    page: SerializerClass = type(
        f"{name}PageSerializer",
        (serializers.Serializer,),
        {
            "results": serializer_class(many=True),
            "next_cursor": serializers.CharField(allow_null=True),
            "has_more": serializers.BooleanField(),
            "as_of": serializers.DateTimeField(allow_null=True),
            "is_page": True,
        },
    )
    return page


def as_of(found: Trends) -> str | None:
    if found.taken_at is None:
        return None
    return found.taken_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _trend_json(entry: Entry) -> dict[str, Any]:
    return {"score": entry.score, "why": entry.why, "parts": entry.parts}


def trending_tag_json(entry: Entry) -> dict[str, Any]:
    return {
        **_trend_json(entry),
        "name": entry.name,
        "display": entry.display,
        "url": absolute(entry.url),
    }


def trending_post_json(entry: Entry, item: FeedItem, *, signed_in: bool) -> dict[str, Any]:
    post = post_json(item, signed_in=signed_in)
    post.pop("reason", None)  # it is `why`
    return {**_trend_json(entry), "post": post}


def trending_user_json(entry: Entry, card: AuthorCard) -> dict[str, Any]:
    return {**_trend_json(entry), "user": author_json(card)}
