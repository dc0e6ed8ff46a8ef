"""The welcome of who is new: what they like to read about, people to follow, then home."""

from django.urls import reverse

from accounts.models import User
from discovery.models import Finding


def first_page(person: User, *, is_new: bool) -> str:
    """Where `person` begins: the welcome, once; else nothing. Fills `accounts.hooks.first_page`."""
    if is_new or Finding.objects.filter(pk=person.pk, welcomed_at=None).exists():
        return reverse("welcome")
    return ""
