"""Shapes of wishes in the API: the document with what can be chosen, and what the API takes of it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from notifications import choices
from notifications.channels.push.keys import public_key
from notifications.models import Digest, FromWhom
from notifications.preferences import Wishes
from notifications.registry import KINDS, Pace

READ_ONLY = {"time_zone", "push_public_key", "defaults", "choices"}
_WAYS = [str(way) for way in choices.WAYS]
_PACES = [str(pace) for pace in Pace]


class WishKindSerializer(serializers.Serializer[Any]):
    ways = serializers.ListField(
        child=serializers.ChoiceField(choices=_WAYS), help_text="Beside the inbox, which has everything."
    )
    from_whom = serializers.ChoiceField(choices=FromWhom.values)
    pace = serializers.ChoiceField(choices=_PACES, help_text="`off`: not in the inbox either.")


class WishSettingsSerializer(serializers.Serializer[Any]):
    is_on = serializers.BooleanField(help_text="Told outside the inbox, too.")
    quiet_from = serializers.TimeField(
        format="%H:%M", allow_null=True, help_text="In the person's time zone; null: no quiet hours."
    )
    quiet_until = serializers.TimeField(format="%H:%M", allow_null=True)
    loud_pass = serializers.BooleanField(help_text="Mentions and replies pass quiet hours.")
    hourly_cap = serializers.IntegerField(min_value=1, max_value=choices.CAP_MOST)
    digest = serializers.ChoiceField(choices=Digest.values)


class DefaultWishesSerializer(WishSettingsSerializer):
    kinds = serializers.DictField(child=WishKindSerializer())


class WishKindChoicesSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # a field, as DRF takes it
    group = serializers.CharField(help_text="The tab of the inbox.")
    ways = serializers.ListField(child=serializers.CharField(), help_text="Empty: they are fixed.")
    from_whom = serializers.ListField(child=serializers.CharField())
    pace = serializers.ListField(child=serializers.CharField(), help_text="The default first.")


class WishChoicesSerializer(serializers.Serializer[Any]):
    digest = serializers.ListField(child=serializers.CharField())
    kinds = serializers.DictField(child=WishKindChoicesSerializer())


class WishesSerializer(DefaultWishesSerializer):
    """What somebody wishes to be told; `defaults` and `choices` are for programs that let them choose."""

    time_zone = serializers.CharField()
    push_public_key = serializers.CharField(
        help_text="By which browsers subscribe to Web Push (`applicationServerKey`); empty where there is none."
    )
    defaults = DefaultWishesSerializer()
    choices = WishChoicesSerializer()


class Strict(serializers.Serializer[Any]):
    """Refuses names that it does not know."""

    ignored: frozenset[str] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields and name not in self.ignored]
            if unknown:
                raise serializers.ValidationError({name: [_("There is no such name.")] for name in unknown})
        return super().to_internal_value(data)


class WishKindInput(Strict):
    """Only what is sent is changed. What is no choice of this kind the action refuses."""

    ways = serializers.ListField(child=serializers.CharField(max_length=20), required=False, max_length=10)
    from_whom = serializers.CharField(required=False, max_length=20)
    pace = serializers.CharField(required=False, max_length=20)


class WishesInput(Strict):
    """Only what is sent is changed; the document as it was read may be sent back, too."""

    ignored = frozenset(READ_ONLY)

    is_on = serializers.BooleanField(required=False)
    quiet_from = serializers.TimeField(required=False, allow_null=True)
    quiet_until = serializers.TimeField(required=False, allow_null=True)
    loud_pass = serializers.BooleanField(required=False)
    hourly_cap = serializers.IntegerField(required=False, min_value=1, max_value=choices.CAP_MOST)
    digest = serializers.ChoiceField(choices=Digest.values, required=False)
    kinds = serializers.DictField(child=WishKindInput(), required=False)


def document(wishes: Wishes) -> dict[str, Any]:
    """What `WishesSerializer` shapes."""
    return {
        **_chosen(wishes),
        "time_zone": wishes.zone.key,
        "push_public_key": public_key(),
        "defaults": _chosen(choices.defaults(wishes)),
        "choices": {
            "digest": Digest.values,
            "kinds": {
                kind.name: {
                    "label": str(kind.label),
                    "group": str(kind.group),
                    "ways": [str(way) for way in choices.ways_of(kind)],
                    "from_whom": choices.from_whom_of(kind),
                    "pace": [str(pace) for pace in kind.paces],
                }
                for kind in KINDS.values()
            },
        },
    }


def _chosen(wishes: Wishes) -> dict[str, Any]:
    return {
        **choices.of_settings(wishes.settings),
        "kinds": {kind: choices.of_kind(wishes, kind) for kind in KINDS},
    }
