from django.urls import URLPattern

# The inbox, then preferences and help.
urlpatterns: list[URLPattern] = []
