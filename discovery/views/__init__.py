"""The HTML door."""

from discovery.views.trends import help_trends

__all__ = ["help_trends"]
