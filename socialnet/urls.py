"""Every address of the site."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts.views import admin_login
from socialnet.kernel import docs, health, limits, metrics, robots, views
from socialnet.kernel.api import UnknownPath

api: list[Any] = [
    path("schema", docs.SchemaView.as_view(), name="api_schema"),
    path("docs", docs.DocsView.as_view(url_name="api_schema"), name="api_docs"),
    path("", include("feeds.api_urls")),  # what is asked for most is tried first
    path("", include("accounts.api_urls")),
    path("", include("groups.api_urls")),
    path("", include("interactions.api_urls")),
    path("", include("notifications.api_urls")),
    path("", include("notifications.channels.push.api_urls")),
    path("", include("discovery.api_urls")),
    path("", include("moderation.api_urls")),
]

urlpatterns = [
    path("api/v1/", include(api)),
    path("api/v1", docs.RootView.as_view(), name="api_root"),
    re_path(r"^api(?:/.*)?$", UnknownPath.as_view()),
    path("", include("feeds.urls")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/login/", admin_login),
    path("admin/limits", admin.site.admin_view(limits.admin_limits), name="admin_limits"),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/favicon.svg")),
    path("robots.txt", robots.robots_txt, name="robots"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("health/circuit-breakers", health.circuit_breakers, name="health_breakers"),
    path("metrics", metrics.metrics, name="metrics"),
    path("status", views.status, name="status"),
    path("help/", views.help_index, name="help"),
    path("help/api-errors", views.help_errors, name="help_errors"),
    path("help/limits", limits.help_limits, name="help_limits"),
    path("settings/appearance", views.appearance, name="settings_appearance"),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("groups.urls")),
    path("", include("interactions.urls")),
    path("", include("notifications.urls")),
    path("", include("notifications.channels.push.urls")),
    path("", include("discovery.urls")),
    path("", include("moderation.urls")),
]
if settings.SERVE_MEDIA:
    urlpatterns.append(path(f"media/{views.PICTURES}<str:name>", views.picture))

handler400 = "socialnet.kernel.web.bad_request"
handler403 = "socialnet.kernel.web.permission_denied"
handler404 = "socialnet.kernel.web.page_not_found"
handler500 = "socialnet.kernel.web.server_error"
