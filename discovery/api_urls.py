from django.urls import URLPattern, path

from discovery.api import people

urlpatterns: list[URLPattern] = [
    path("recommendations/users", people.RecommendedUsersView.as_view(), name="api_recommended_users"),
    path("recommendations/users/<username:username>", people.RecommendedUserView.as_view()),
    path("me/interests", people.InterestsView.as_view(), name="api_interests"),
]
