"""The API of search, trends and recommendations."""

from discovery.api.documents import SearchView, SuggestView

__all__ = ["SearchView", "SuggestView"]
