"""The HTML door."""

from discovery.views.explore import explore
from discovery.views.trends import help_trends

__all__ = ["explore", "help_trends"]
