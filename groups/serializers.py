"""Shapes of groups in the API, and what the API takes. No decisions."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import UserSerializer
from groups.models import (
    COVER_ALT_MAX,
    COVER_LARGE,
    DESCRIPTION_MAX,
    NAME_MAX,
    RULES_MAX,
    SLUG_MAX,
    TAG_MAX,
    Category,
    Group,
    Membership,
    Privacy,
)
from groups.selectors import SeenGroup
from socialnet.kernel.links import absolute

ANSWERS = ["active", "banned"]


class CoverSerializer(serializers.Serializer[Any]):
    """The picture at the head of a group; the addresses ask each time whether you may know of the group."""

    url = serializers.URLField()
    small_url = serializers.URLField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt = serializers.CharField()
    blurhash = serializers.CharField()


class GroupSerializer(serializers.Serializer[Any]):
    """A group, and what you are in it."""

    id = serializers.CharField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    rules = serializers.CharField()
    privacy = serializers.ChoiceField(choices=Privacy.choices)
    category = serializers.ChoiceField(choices=Category.choices)
    tags = serializers.ListField(child=serializers.CharField())
    cover_url = serializers.URLField(allow_null=True)
    cover = CoverSerializer(allow_null=True)
    member_count = serializers.IntegerField()
    post_count = serializers.IntegerField()
    my_role = serializers.ChoiceField(choices=Membership.Role.choices, allow_null=True)
    my_status = serializers.ChoiceField(choices=Membership.Status.choices, allow_null=True)
    my_notify = serializers.ChoiceField(choices=Membership.Notify.choices, allow_null=True)
    held = serializers.BooleanField(help_text="It waits for moderators, and only you see it.")
    url = serializers.URLField()


class OneGroupSerializer(GroupSerializer):
    held_changes = serializers.DictField(
        help_text="What it shall say once moderators have looked, by field; for its owners."
    )


class GroupChangesSerializer(serializers.Serializer[Any]):
    """What a change takes; the actions decide what may be kept."""

    name = serializers.CharField(max_length=NAME_MAX * 5, required=False)
    description = serializers.CharField(max_length=DESCRIPTION_MAX * 5, required=False, allow_blank=True)
    rules = serializers.CharField(max_length=RULES_MAX * 5, required=False, allow_blank=True)
    category = serializers.ChoiceField(choices=Category.choices, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=TAG_MAX * 5), max_length=50, required=False
    )
    privacy = serializers.ChoiceField(choices=Privacy.choices, required=False)


class GroupEditSerializer(GroupChangesSerializer):
    """Of a group that is there: also its cover."""

    cover = serializers.FileField(
        required=False, allow_null=True, allow_empty_file=True, help_text="Multipart; null removes it."
    )
    cover_alt = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=COVER_ALT_MAX * 5,
        help_text="What is to be seen on the cover.",
    )


class NewGroupSerializer(GroupChangesSerializer):
    slug = serializers.CharField(max_length=SLUG_MAX * 5)
    cover = serializers.FileField(required=False, allow_empty_file=True, help_text="Multipart.")
    cover_alt = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=COVER_ALT_MAX * 5,
        help_text="What is to be seen on the cover.",
    )
    name = serializers.CharField(max_length=NAME_MAX * 5)


class MemberSerializer(UserSerializer):
    """A person, and what they are in the group."""

    role = serializers.ChoiceField(choices=Membership.Role.choices)
    status = serializers.ChoiceField(choices=Membership.Status.choices)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        person = UserSerializer(instance.profile, context=self.context).data
        return {**person, "role": instance.membership.role, "status": instance.membership.status}


class MembershipSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    status = serializers.ChoiceField(choices=Membership.Status.choices)


class OwnMembershipSerializer(serializers.Serializer[Any]):
    """Of how much in the group you hear: `all` posts, what is `important` to you (who names or answers you), `none`."""

    notify = serializers.ChoiceField(choices=Membership.Notify.choices, required=False)


class NewsChoiceSerializer(serializers.Serializer[Any]):
    notify = serializers.ChoiceField(choices=Membership.Notify.choices)


class MemberChangesSerializer(serializers.Serializer[Any]):
    """One of both: another role, or `active` to let in who asked, `banned` to put somebody out for good."""

    role = serializers.ChoiceField(choices=Membership.Role.choices, required=False)
    status = serializers.ChoiceField(choices=ANSWERS, required=False)


def group_json(seen: SeenGroup) -> dict[str, Any]:
    group = seen.group
    return {
        "id": str(group.pk),
        "slug": group.slug,
        "name": group.name,
        "description": group.description,
        "rules": group.rules,
        "privacy": group.privacy,
        "category": group.category,
        "tags": group.tags,
        "cover_url": absolute(group.cover_url) if group.cover else None,
        "cover": _cover_json(group) if group.cover else None,
        "member_count": group.counts.members,
        "post_count": group.counts.posts,
        "my_role": seen.my_role,
        "my_status": seen.my_status,
        "my_notify": seen.my_notify,
        "held": seen.is_held,
        "url": absolute(group.get_absolute_url()),
    }


def one_group_json(seen: SeenGroup) -> dict[str, Any]:
    return {**group_json(seen), "held_changes": {**seen.held_changes}}


def _cover_json(group: Group) -> dict[str, Any]:
    width, height = COVER_LARGE
    return {
        "url": absolute(group.cover_url),
        "small_url": absolute(group.cover_small_url),
        "width": width,
        "height": height,
        "alt": group.cover_alt,
        "blurhash": group.cover_blurhash,
    }
