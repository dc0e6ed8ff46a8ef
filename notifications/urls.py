from django.urls import URLPattern, path

from notifications import views

# The inbox, then preferences and help.
urlpatterns: list[URLPattern] = [
    path("notifications", views.inbox, name="notifications"),
    path("notifications/read", views.read, name="notifications_read"),
    path("settings/notifications", views.settings_notifications, name="settings_notifications"),
    path(
        "settings/notifications/defaults",
        views.settings_notifications_reset,
        name="settings_notifications_reset",
    ),
    path("settings/notifications/mail-again", views.mail_again, name="mail_again"),
    path("help/notifications", views.help_notifications, name="help_notifications"),
    # What letters lead to.
    path("mail/unsubscribe/<str:token>", views.unsubscribe, name="mail_unsubscribe"),
    path("mail/resubscribe", views.resubscribe, name="mail_resubscribe"),
]
