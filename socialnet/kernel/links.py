"""Absolute addresses for programs, mails and cards."""

from django.conf import settings


def absolute(path: str | None) -> str | None:
    """`path` on the public address of this site; None stays None, absolute addresses stay as they are."""
    if path is None or "://" in path:
        return path
    return f"{settings.PUBLIC_URL}{path}"
