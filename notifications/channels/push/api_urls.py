from django.urls import path

from notifications.channels.push.api import PushSubscriptionsView

urlpatterns = [
    path("notifications/push-subscriptions", PushSubscriptionsView.as_view(), name="api_push_subscriptions"),
]
