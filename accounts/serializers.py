"""Shapes of people in the API, and what the API takes. No decisions."""

from typing import Any

from rest_framework import serializers

from accounts import hooks
from accounts.models import ApiToken, FoundBy, MentionsFrom
from accounts.selectors import Profile


class RelationSerializer(serializers.Serializer[Any]):
    following = serializers.BooleanField()
    follow_requested = serializers.BooleanField()
    followed_by = serializers.BooleanField()
    blocking = serializers.BooleanField()
    muting = serializers.BooleanField()


class UserSerializer(serializers.Serializer[Profile]):
    """A person as far as the one who asks may see; what they may not see is null."""

    id = serializers.CharField(source="user.id")
    username = serializers.CharField(source="user.username")
    display_name = serializers.CharField(source="user.display_name")
    bio = serializers.CharField(source="shown.bio", allow_null=True)
    avatar_url = serializers.CharField(source="shown.avatar_url", allow_null=True)
    website = serializers.CharField(source="shown.website", allow_null=True)
    location = serializers.CharField(source="shown.location", allow_null=True)
    is_private = serializers.BooleanField(source="user.is_private")
    follower_count = serializers.IntegerField(source="shown.followers", allow_null=True)
    following_count = serializers.IntegerField(source="shown.following", allow_null=True)
    post_count = serializers.IntegerField(source="shown.posts", allow_null=True)
    created_at = serializers.DateTimeField(source="shown.created_at", allow_null=True)
    url = serializers.URLField(source="user.get_absolute_url")
    access = serializers.ChoiceField(choices=["full", "basic", "stub", "suspended"])
    relation = RelationSerializer(required=False, help_text="Only when signed in.")

    def to_representation(self, instance: Profile) -> dict[str, Any]:
        shape: dict[str, Any] = super().to_representation(instance)
        request = self.context["request"]
        shape["url"] = request.build_absolute_uri(shape["url"])
        if shape["avatar_url"]:
            shape["avatar_url"] = request.build_absolute_uri(shape["avatar_url"])
        if not request.user.is_authenticated:
            del shape["relation"]
        return shape


class SettingsSerializer(serializers.Serializer[Any]):
    language = serializers.CharField()
    time_zone = serializers.CharField()
    may_be_indexed = serializers.BooleanField(
        help_text="Search engines may list your profile and your public posts."
    )
    may_be_archived = serializers.BooleanField(help_text="They may keep copies and show longer excerpts.")
    mentions_from = serializers.ChoiceField(
        choices=MentionsFrom.choices, help_text="Whose mentions lead to you, and are told to you."
    )
    found_by = serializers.ChoiceField(
        choices=FoundBy.choices, help_text="Who comes across you in search, suggestions and Explore."
    )


class MeSerializer(UserSerializer):
    email = serializers.EmailField(source="user.email")
    unread_notifications = serializers.SerializerMethodField()
    version = serializers.IntegerField(source="user.version")
    settings = SettingsSerializer(source="user")
    held = serializers.SerializerMethodField(
        help_text="What your profile shall say once moderators have looked, by field."
    )

    def get_held(self, profile: Profile) -> dict[str, str]:
        return {**hooks.held_profile(profile.user.pk)}

    def get_unread_notifications(self, profile: Profile) -> int:
        return hooks.unread_notifications(profile.user.pk)


class RelationAnswerSerializer(serializers.Serializer[Any]):
    relation = RelationSerializer()


class SignedInSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    user = UserSerializer()


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    id = serializers.CharField()

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "created_at", "last_used_on", "expires_at"]


class MadeTokenSerializer(TokenSerializer):
    token = serializers.CharField(help_text="Shown this once.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class SessionSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    device = serializers.CharField()
    address = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    is_current = serializers.BooleanField()


# --- what the API takes -------------------------------------------------------------------------------------


class RegisterInput(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=200)
    email = serializers.CharField(max_length=400)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    display_name = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class SignInInput(serializers.Serializer[Any]):
    login = serializers.CharField(max_length=400)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    code = serializers.CharField(
        required=False, allow_blank=True, max_length=40, help_text="A second factor, where one is set up."
    )


class ProfileInput(serializers.Serializer[Any]):
    """Only what is sent is changed; with an outdated `version` nothing is."""

    version = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    display_name = serializers.CharField(required=False, max_length=1000)
    bio = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    website = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    location = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    language = serializers.CharField(required=False, max_length=100)
    time_zone = serializers.CharField(required=False, max_length=100)
    is_private = serializers.BooleanField(required=False)
    may_be_indexed = serializers.BooleanField(required=False)
    may_be_archived = serializers.BooleanField(required=False)
    mentions_from = serializers.ChoiceField(choices=MentionsFrom.choices, required=False)
    found_by = serializers.ChoiceField(choices=FoundBy.choices, required=False)
    avatar = serializers.FileField(required=False, allow_null=True, help_text="Multipart; null removes it.")


class FollowInput(serializers.Serializer[Any]):
    notify = serializers.BooleanField(required=False, help_text="A bell for their new posts.")


class MuteInput(serializers.Serializer[Any]):
    until = serializers.DateTimeField(required=False, allow_null=True)


class TokenInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=10), allow_empty=False, max_length=3
    )
    password = serializers.CharField(
        max_length=1000,
        trim_whitespace=False,
        write_only=True,
        required=False,
        help_text="Needed with a session; with a token it is not looked at.",
    )


class PasswordInput(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class ChangePasswordInput(serializers.Serializer[Any]):
    old_password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    new_password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class AddressInput(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=400)


class ChangeAddressInput(AddressInput, PasswordInput):
    pass


class ResetPasswordInput(PasswordInput):
    uid = serializers.CharField(max_length=50)
    key = serializers.CharField(max_length=200)


class KeyInput(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=400)


class ProofInput(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    code = serializers.CharField(max_length=40, help_text="Of the app, or a recovery code.")


class BeginAppInput(PasswordInput):
    code = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        help_text="Needed where there is a second factor already.",
    )


class ConfirmAppInput(serializers.Serializer[Any]):
    ticket = serializers.CharField(max_length=2000)
    code = serializers.CharField(max_length=40)


class BegunAppSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField()
    url = serializers.CharField(help_text="otpauth://, for a QR code.")
    ticket = serializers.CharField(help_text="Goes back with the first code, within 15 minutes.")


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class PasskeySerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="pk")
    name = serializers.CharField(source="data.name")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class AppSerializer(serializers.Serializer[Any]):
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class FactorsSerializer(serializers.Serializer[Any]):
    is_on = serializers.BooleanField()
    app = AppSerializer(allow_null=True)
    passkeys = PasskeySerializer(many=True)
    recovery_codes_left = serializers.IntegerField(source="codes_left")


class ExportSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["none", "asked", "ready"])
    asked_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    size = serializers.IntegerField(help_text="Bytes.")
    url = serializers.CharField(allow_null=True, help_text="Where the archive is fetched, by its owner only.")
