"""The HTML door, by area."""

from discovery.views.documents import search, search_click
from discovery.views.explore import explore
from discovery.views.people import (
    dismiss,
    people,
    settings_interests,
    settings_place,
    welcome,
    welcome_end,
    welcome_people,
)
from discovery.views.trends import help_trends

__all__ = [
    "dismiss",
    "explore",
    "help_trends",
    "people",
    "search",
    "search_click",
    "settings_interests",
    "settings_place",
    "welcome",
    "welcome_end",
    "welcome_people",
]
