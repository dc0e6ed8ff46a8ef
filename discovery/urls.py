from django.urls import URLPattern, path

from discovery.views import people

urlpatterns: list[URLPattern] = [
    path("explore/people", people.people, name="people"),
    path("explore/people/<username:username>/dismiss", people.dismiss, name="suggestion_dismiss"),
    path("settings/interests", people.settings_interests, name="settings_interests"),
    path("settings/privacy/place", people.settings_place, name="settings_place"),
    path("welcome", people.welcome, name="welcome"),
    path("welcome/people", people.welcome_people, name="welcome_people"),
    path("welcome/end", people.welcome_end, name="welcome_end"),
]
