from django.urls import path

from discovery import views

urlpatterns = [
    path("search", views.search, name="search"),
    path("search/opened", views.search_click, name="search_click"),
    path("explore", views.explore, name="explore"),
    path("explore/people", views.people, name="people"),
    path("explore/people/<username:username>/dismiss", views.dismiss, name="suggestion_dismiss"),
    path("welcome", views.welcome, name="welcome"),
    path("welcome/people", views.welcome_people, name="welcome_people"),
    path("welcome/end", views.welcome_end, name="welcome_end"),
    path("settings/interests", views.settings_interests, name="settings_interests"),
    path("settings/privacy/place", views.settings_place, name="settings_place"),
    path("help/trends", views.help_trends, name="help_trends"),
]
