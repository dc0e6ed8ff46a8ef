"""Documents to search, trends, and whom somebody may want to follow."""

from discovery.models.documents import NAMED, Kind, SearchDocument
from discovery.models.explore import ExploreDay
from discovery.models.searches import PopularSearch, SearchDay
from discovery.models.trends import Trend, TrendKind, TrendRuling, TrendSnapshot

__all__ = [
    "NAMED",
    "ExploreDay",
    "Kind",
    "PopularSearch",
    "SearchDay",
    "SearchDocument",
    "Trend",
    "TrendKind",
    "TrendRuling",
    "TrendSnapshot",
]
