"""What the admin shows of finding things; each part has a module of its own."""

from discovery import search_admin

__all__ = ["search_admin"]
