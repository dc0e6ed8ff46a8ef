"""The HTML door to what people are told."""

from notifications.views.inbox import inbox, read

__all__ = ["inbox", "read"]
