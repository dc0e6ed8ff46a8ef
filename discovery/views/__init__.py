"""Pages: search, explore, welcome."""

from discovery.views.documents import search, search_click

__all__ = ["search", "search_click"]
