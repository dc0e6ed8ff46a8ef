from django.urls import URLPattern, path

from notifications import api

# The inbox, then preferences, then browsers that are told.
urlpatterns: list[URLPattern] = [
    path("notifications", api.NotificationsView.as_view(), name="api_notifications"),
    path("notifications/unread-count", api.UnreadCountView.as_view(), name="api_notifications_unread"),
    path("notifications/read", api.ReadView.as_view(), name="api_notifications_read"),
    path("notifications/preferences", api.PreferencesView.as_view(), name="api_notification_preferences"),
    path("notifications/mail-trouble", api.MailTroubleView.as_view(), name="api_mail_trouble"),
]
