from django.urls import URLPattern, path

from discovery import views

urlpatterns: list[URLPattern] = [
    path("explore", views.explore, name="explore"),
    path("help/trends", views.help_trends, name="help_trends"),
]
