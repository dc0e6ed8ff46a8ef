"""What accounts itself puts into a person's archive."""

from collections.abc import Iterator

from allauth.account.models import EmailAddress
from django.db.models import F

from accounts.hooks import ExportPart
from accounts.models import ApiToken, Block, Follow, Mute, Session, User

_PROFILE = (
    "username", "email", "display_name", "bio", "website", "location", "language", "time_zone", "is_private",
    "may_be_indexed", "may_be_archived", "mentions_from", "found_by", "created_at", "last_login",
)  # fmt: skip


def parts(user_id: int) -> Iterator[ExportPart]:
    person = User.objects.get(pk=user_id)
    yield ExportPart("profile.json", rows=[{field: getattr(person, field) for field in _PROFILE}])
    if person.avatar:
        yield ExportPart("picture.webp", stored=person.avatar.name)
    mine = {"user": person}
    yield ExportPart.of(
        "addresses.json", EmailAddress.objects.filter(**mine).order_by("pk"), "email", "verified", "primary"
    )
    yield ExportPart.of(
        "following.json",
        Follow.objects.filter(follower=person).annotate(username=F("followee__username")).order_by("pk"),
        "username", "status", "notify", "created_at",
    )  # fmt: skip
    yield ExportPart.of(
        "blocks.json", Block.objects.filter(blocker=person).annotate(username=F("blocked__username")).order_by("pk"),
        "username", "created_at",
    )  # fmt: skip
    yield ExportPart.of(
        "mutes.json", Mute.objects.filter(muter=person).annotate(username=F("muted__username")).order_by("pk"),
        "username", "until", "created_at",
    )  # fmt: skip
    yield ExportPart.of(
        "sessions.json",
        Session.objects.filter(account=person).order_by("pk"),
        "device",
        "address",
        "created_at",
        "last_seen_at",
    )
    yield ExportPart.of(
        "tokens.json",
        ApiToken.objects.filter(**mine).order_by("pk"),
        "name",
        "scopes",
        "created_at",
        "last_used_on",
        "expires_at",
    )
