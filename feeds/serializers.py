"""The shapes of posts in the API. Hot reads build the dict; the serializer classes describe it and parse input."""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.cards import AuthorCard
from feeds.addresses import LARGE, SMALL, media_url, preview_url
from feeds.cards import MediaCard, PreviewCard
from feeds.door import Audience
from feeds.history import ADDED, REMOVED, SAME, Version
from feeds.items import FeedItem
from feeds.models import ALT_MAX, CONTENT_MAX, MEDIA_MOST, PINS_MOST, WARNING_MAX, ReplyPolicy
from socialnet.kernel.links import absolute


class AuthorSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    username = serializers.CharField()
    display_name = serializers.CharField()
    avatar_url = serializers.URLField(allow_null=True)
    is_private = serializers.BooleanField()
    url = serializers.URLField()


class ReasonSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=["followed", "group", "interest", "popular", "shared", "tag", "you"]
    )
    label = serializers.CharField()  # type: ignore[assignment]  # the API's word; shadows Field.label


class MediaSerializer(serializers.Serializer[Any]):
    """A picture. Without addresses, its files are on their way."""

    id = serializers.CharField()
    url = serializers.URLField(allow_null=True)
    small_url = serializers.URLField(allow_null=True)
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt = serializers.CharField()
    blurhash = serializers.CharField()


class NewMediaSerializer(serializers.Serializer[Any]):
    """What an upload takes."""

    file = serializers.FileField(allow_empty_file=True, help_text="At most 10 MB and 40 megapixels.")
    alt = serializers.CharField(
        required=False, default="", allow_blank=True, trim_whitespace=False, max_length=ALT_MAX * 5
    )


class AltSerializer(serializers.Serializer[Any]):
    """What is to be seen on a picture, in words."""

    alt = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=ALT_MAX * 5)


class PreviewSerializer(serializers.Serializer[Any]):
    """What the first link of a post leads to."""

    url = serializers.URLField()
    title = serializers.CharField()
    description = serializers.CharField()
    site_name = serializers.CharField()
    image_url = serializers.URLField(allow_null=True)


class PostSerializer(serializers.Serializer[Any]):
    """A post as one viewer sees it.

    A share has no text of its own: `share_of` is what it shares. A quote has both; its `share_of` is null and
    `share_of_gone` true when what it quotes is gone or not for you.
    """

    id = serializers.CharField()
    author = AuthorSerializer()
    content = serializers.CharField()
    content_html = serializers.CharField()
    media = MediaSerializer(many=True)
    visibility = serializers.ChoiceField(choices=Audience.choices)
    group = serializers.CharField(allow_null=True, help_text="The slug of the group in which it is.")
    share_of = serializers.DictField(allow_null=True, help_text="A post, without what it shares itself.")
    share_of_gone = serializers.BooleanField()
    via = serializers.CharField(allow_null=True, help_text="Whose share led to this one: a username.")
    preview = PreviewSerializer(allow_null=True)
    content_warning = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    reply_policy = serializers.ChoiceField(choices=ReplyPolicy.choices)
    like_count = serializers.IntegerField()
    comment_count = serializers.IntegerField()
    share_count = serializers.IntegerField()
    pinned = serializers.BooleanField()
    held = serializers.BooleanField(help_text="It waits for moderators, and only you see it.")
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField()
    is_liked = serializers.BooleanField(required=False)
    is_bookmarked = serializers.BooleanField(required=False)
    is_shared = serializers.BooleanField(required=False)
    is_hidden = serializers.BooleanField(required=False, help_text="You hid it from yourself.")


class FeedPostSerializer(PostSerializer):
    """A post in a feed: it says why it is there."""

    reason = ReasonSerializer()


class IdField(serializers.CharField):
    """An id: a string of digits in JSON, a number in Python."""

    default_error_messages = {"invalid": _("This is not the id of anything.")}

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]  # what goes in is text
        text = super().to_internal_value(data)
        if not re.fullmatch(r"[1-9][0-9]{0,15}", text, re.ASCII):
            self.fail("invalid")
        return int(text)


class WrittenSerializer(serializers.Serializer[Any]):
    """What a post, an edit and a draft have in common; the actions decide what may be kept."""

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
    reply_policy = serializers.ChoiceField(
        choices=ReplyPolicy.choices, default=ReplyPolicy.EVERYONE, help_text="Who may comment."
    )
    content_warning = serializers.CharField(
        max_length=WARNING_MAX * 5, required=False, allow_blank=True, default=""
    )
    media_ids = serializers.ListField(
        child=IdField(), max_length=MEDIA_MOST, required=False, default=list, help_text="In their order."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What we do not know we would drop: better refused than lost."""
        unknown = sorted(set(self.initial_data) - set(self.fields) - {"csrfmiddlewaretoken"})
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such field.")] for name in unknown})
        return attrs


class GroupField(serializers.CharField):
    """The group for which something is written."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            allow_null=True,
            default=None,
            help_text="The slug of a group of yours: what you write is for it, whatever `visibility` says.",
        )


class NewPostSerializer(WrittenSerializer):
    """What publishing takes. `content` may be empty when there are pictures."""

    group = GroupField()
    share_of = IdField(required=False, allow_null=True, default=None, help_text="The post that is quoted.")


class EditSerializer(WrittenSerializer):
    """What an edit takes; what is left out stays. `visibility` may only narrow: public, followers, friends, private;
    what is said in a group stays there."""

    version = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="`edited_at` of what you saw; if the post was edited since, the answer is 409 `edit_conflict`.",
    )


class ChangeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[SAME, ADDED, REMOVED])
    text = serializers.CharField()


class VersionSerializer(serializers.Serializer[Any]):
    """What a post said from `written_at` on; the pieces of `diff` in order, against the version before."""

    content = serializers.CharField()
    content_warning = serializers.CharField(allow_null=True)
    written_at = serializers.DateTimeField()
    diff = ChangeSerializer(many=True)


class PinSerializer(serializers.Serializer[Any]):
    """Whether a post is pinned, and as which, from 1."""

    pinned = serializers.BooleanField()
    position = serializers.IntegerField(allow_null=True)


class PinInput(serializers.Serializer[Any]):
    position = serializers.IntegerField(
        min_value=1, max_value=PINS_MOST, required=False, allow_null=True, default=None
    )

    validate = WrittenSerializer.validate


class HiddenPostSerializer(serializers.Serializer[Any]):
    """Whether you hid a post from yourself. Nobody else learns of it."""

    is_hidden = serializers.BooleanField()


class SharedSerializer(serializers.Serializer[Any]):
    """Whether you share a post, and how many people do."""

    is_shared = serializers.BooleanField()
    share_count = serializers.IntegerField()
    share_id = serializers.CharField(allow_null=True, help_text="Your share of it; null when it is undone.")


class HashtagSerializer(serializers.Serializer[Any]):
    """A tag: in the one form of all its spellings, and as it was first written. `post_count` is how many posts with it
    every visitor may see."""

    name = serializers.CharField()
    display = serializers.CharField()
    post_count = serializers.IntegerField()
    url = serializers.URLField()
    is_following = serializers.BooleanField(required=False, help_text="Only when signed in.")


class WriterSerializer(AuthorSerializer):
    """Somebody who wrote with a tag, and how much of its newest posts."""

    recent_post_count = serializers.IntegerField()


class HeadSerializer(serializers.Serializer[Any]):
    """The newest ids of a feed, newest first."""

    ids = serializers.ListField(child=serializers.CharField())
    newest_id = serializers.CharField(allow_null=True)


class MarkerSerializer(serializers.Serializer[Any]):
    """How far somebody has read in their home; null for people who have read nothing yet."""

    last_read_id = serializers.CharField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)


class MarkerInput(serializers.Serializer[Any]):
    last_read_id = IdField(help_text="The newest post that was in front of you.")

    validate = WrittenSerializer.validate


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


def media_json(card: MediaCard) -> dict[str, Any]:
    return {
        "id": str(card["id"]),
        "url": absolute(media_url(card["id"], LARGE)) if card["is_stored"] else None,
        "small_url": absolute(media_url(card["id"], SMALL)) if card["is_stored"] else None,
        "width": card["width"],
        "height": card["height"],
        "alt": card["alt"],
        "blurhash": card["blurhash"],
    }


def preview_json(card: PreviewCard) -> dict[str, Any]:
    return {
        "url": card["url"],
        "title": card["title"],
        "description": card["description"],
        "site_name": card["site_name"],
        "image_url": absolute(preview_url(card["id"])) if card["image"] else None,
    }


def post_json(item: FeedItem, *, signed_in: bool, nested: bool = False) -> dict[str, Any]:
    """`item` as `PostSerializer` describes it; with a reason, as `FeedPostSerializer` does."""
    card, counts = item.card, item.counts
    original = item.original
    post: dict[str, Any] = {
        "id": str(item.id),
        "author": author_json(item.author),
        "content": card["content"],
        "content_html": card["html"],
        "media": [media_json(media) for media in card["media"]],
        "visibility": card["visibility"],
        "group": card["group"]["slug"] if card["group"] else None,
        "share_of": post_json(original, signed_in=signed_in, nested=True)
        if original and not nested
        else None,
        "share_of_gone": card["share_of_id"] is not None and original is None and not nested,
        "via": item.via.username if item.via else None,
        "preview": preview_json(card["preview"]) if card["preview"] else None,
        "content_warning": card["content_warning"] or None,
        "language": card["language"] or None,
        "reply_policy": card["reply_policy"],
        "like_count": counts["likes"],
        "comment_count": counts["comments"],
        "share_count": counts["shares"],
        "pinned": bool({"is_pinned", "is_pinned_in_group"} & item.marks),
        "held": card["is_held"],
        "created_at": card["created_at"],
        "edited_at": card["edited_at"],
        "url": absolute(item.url),
    }
    if signed_in:
        marks = item.marks
        post["is_liked"] = "is_liked" in marks
        post["is_bookmarked"] = "is_bookmarked" in marks
        post["is_shared"] = "is_shared" in marks
        post["is_hidden"] = item.is_hidden
    if item.reason:
        post["reason"] = {"kind": item.reason.kind, "label": item.reason.label}
    if item.filtered:
        post["filtered"] = {"action": "fold", "phrases": list(item.filtered)}
    return post


def version_json(version: Version) -> dict[str, Any]:
    return {
        "content": version.content,
        "content_warning": version.content_warning or None,
        "written_at": version.written_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "diff": [{"kind": change.kind, "text": change.text} for change in version.changes],
    }
