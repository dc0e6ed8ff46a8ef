"""The DRF door to what people are told."""

from notifications.api.inbox import NotificationsView, ReadView, UnreadCountView
from notifications.api.mail import MailTroubleView
from notifications.api.preferences import PreferencesView

__all__ = ["MailTroubleView", "NotificationsView", "PreferencesView", "ReadView", "UnreadCountView"]
