from django.urls import path

from discovery import api

urlpatterns = [
    path("search", api.SearchView.as_view(), name="api_search"),
    path("search/suggest", api.SuggestView.as_view(), name="api_suggest"),
]
