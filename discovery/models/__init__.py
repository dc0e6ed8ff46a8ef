"""Documents to search, trends, and whom somebody may want to follow."""

from discovery.models.documents import NAMED, Kind, SearchDocument
from discovery.models.explore import ExploreDay
from discovery.models.people import (
    Finding,
    Interest,
    Source,
    Stage,
    SuggestionDay,
    SuggestionDismissal,
    SuggestionList,
)
from discovery.models.searches import PopularSearch, SearchDay
from discovery.models.trends import Trend, TrendKind, TrendRuling, TrendSnapshot

__all__ = [
    "NAMED",
    "ExploreDay",
    "Finding",
    "Interest",
    "Kind",
    "PopularSearch",
    "SearchDay",
    "SearchDocument",
    "Source",
    "Stage",
    "SuggestionDay",
    "SuggestionDismissal",
    "SuggestionList",
    "Trend",
    "TrendKind",
    "TrendRuling",
    "TrendSnapshot",
]
