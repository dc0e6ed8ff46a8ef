"""The app's tables, by noun."""

from discovery.models.people import (
    Finding,
    Interest,
    Source,
    Stage,
    SuggestionDay,
    SuggestionDismissal,
    SuggestionList,
)

__all__ = [
    "Finding",
    "Interest",
    "Source",
    "Stage",
    "SuggestionDay",
    "SuggestionDismissal",
    "SuggestionList",
]
