"""The HTML door to what people are told."""

from notifications.views.help import help_notifications
from notifications.views.inbox import inbox, read
from notifications.views.mail import mail_again, resubscribe, unsubscribe
from notifications.views.preferences import settings_notifications, settings_notifications_reset

__all__ = [
    "help_notifications",
    "inbox",
    "mail_again",
    "read",
    "resubscribe",
    "settings_notifications",
    "settings_notifications_reset",
    "unsubscribe",
]
