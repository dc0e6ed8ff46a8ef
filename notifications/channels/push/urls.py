from django.urls import path

from notifications.channels.push import views

urlpatterns = [
    path("settings/notifications/devices", views.devices, name="push_devices"),
    path(
        "settings/notifications/devices/<int:subscription_id>/remove",
        views.remove,
        name="push_device_remove",
    ),
    path("service-worker.js", views.service_worker, name="service_worker"),
]
