from django.urls import URLPattern, path

from discovery import views

urlpatterns: list[URLPattern] = [
    path("help/trends", views.help_trends, name="help_trends"),
]
