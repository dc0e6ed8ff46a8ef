"""Pages: search, explore, trends."""

from discovery.views.documents import search, search_click
from discovery.views.explore import explore
from discovery.views.trends import help_trends

__all__ = ["explore", "help_trends", "search", "search_click"]
