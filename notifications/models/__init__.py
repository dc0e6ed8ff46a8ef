"""The app's tables, by noun."""

from notifications.models.announcements import Announcement
from notifications.models.channels import ChannelDelivery, PushSubscription, Telling
from notifications.models.inbox import Notification, NotificationActor, NotificationQuerySet
from notifications.models.preferences import Digest, FromWhom, Preference, Settings

__all__ = [
    "Announcement",
    "ChannelDelivery",
    "Digest",
    "FromWhom",
    "Notification",
    "NotificationActor",
    "NotificationQuerySet",
    "Preference",
    "PushSubscription",
    "Settings",
    "Telling",
]
