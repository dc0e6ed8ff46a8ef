from django.urls import URLPattern, path

from notifications import api
from notifications.api import mail

# The inbox, then preferences, then browsers that are told.
urlpatterns: list[URLPattern] = [
    path("notifications", api.NotificationsView.as_view(), name="api_notifications"),
    path("notifications/unread-count", api.UnreadCountView.as_view(), name="api_notifications_unread"),
    path("notifications/read", api.ReadView.as_view(), name="api_notifications_read"),
    path("notifications/mail-trouble", mail.MailTroubleView.as_view(), name="api_mail_trouble"),
]
