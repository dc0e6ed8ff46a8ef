"""The DRF door to what people are told."""

from notifications.api.inbox import NotificationsView, ReadView, UnreadCountView

__all__ = ["NotificationsView", "ReadView", "UnreadCountView"]
