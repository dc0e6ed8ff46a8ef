"""What a person was told and how they wish to be, for their archive: what happened, not who did it."""

from collections.abc import Iterator

from accounts.hooks import ExportPart
from notifications.models import Notification, Preference, PushSubscription, Settings


def parts(user_id: int) -> Iterator[ExportPart]:
    told = Notification.objects.filter(recipient=user_id, stands=True).order_by("pk")
    yield ExportPart.of(
        "notifications.json", told, "id", "kind", "post_id", "comment_id", "actor_count", "read_at"
    )
    wishes = Preference.objects.filter(user=user_id).order_by("kind")
    yield ExportPart.of("notification_wishes.json", wishes, "kind", "from_whom", "pace")
    settings = Settings.objects.filter(user=user_id)
    yield ExportPart.of(
        "notification_settings.json",
        settings,
        "is_on",
        "quiet_from",
        "quiet_until",
        "loud_pass",
        "hourly_cap",
        "digest",
    )
    browsers = PushSubscription.objects.filter(user=user_id).order_by("pk")
    yield ExportPart.of("push.json", browsers, "label", "created_at", "used_at")
