from django.urls import URLPattern, path

from notifications.api import mail

# The inbox, then preferences, then browsers that are told.
urlpatterns: list[URLPattern] = [
    path("notifications/mail-trouble", mail.MailTroubleView.as_view(), name="api_mail_trouble"),
]
