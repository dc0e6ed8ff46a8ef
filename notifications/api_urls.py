from django.urls import URLPattern

# The inbox, then preferences, then browsers that are told.
urlpatterns: list[URLPattern] = []
