"""Documents to search, trends, and whom somebody may want to follow."""

from discovery.models.documents import NAMED, Kind, SearchDocument
from discovery.models.searches import PopularSearch, SearchDay

__all__ = ["NAMED", "Kind", "PopularSearch", "SearchDay", "SearchDocument"]
