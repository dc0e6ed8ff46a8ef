"""Documents to search, trends, and whom somebody may want to follow."""

from discovery.models.documents import NAMED, Kind, SearchDocument

__all__ = ["NAMED", "Kind", "SearchDocument"]
