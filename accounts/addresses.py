"""Where people are found on the site."""

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=10_000)  # twenty a page; `reverse` costs as much as all the rest of a card
def profile_url(username: str) -> str:
    return reverse("profile", args=[username])
