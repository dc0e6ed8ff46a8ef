from django.urls import path

from discovery import views

urlpatterns = [
    path("search", views.search, name="search"),
    path("search/opened", views.search_click, name="search_click"),
    path("explore", views.explore, name="explore"),
    path("help/trends", views.help_trends, name="help_trends"),
]
