from django.urls import URLPattern, path

from notifications import views
from notifications.views import mail

# The inbox, then preferences and help.
urlpatterns: list[URLPattern] = [
    path("notifications", views.inbox, name="notifications"),
    path("notifications/read", views.read, name="notifications_read"),
    # What letters lead to.
    path("mail/unsubscribe/<str:token>", mail.unsubscribe, name="mail_unsubscribe"),
    path("mail/resubscribe", mail.resubscribe, name="mail_resubscribe"),
    path("settings/notifications/mail-again", mail.mail_again, name="mail_again"),
]
