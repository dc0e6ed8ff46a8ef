"""Reads, by area."""

from discovery.selectors.people import (
    Choice,
    choices_of,
    interests_of,
    is_found_by_place,
    is_to_be_welcomed,
    suggested_people,
)

__all__ = [
    "Choice",
    "choices_of",
    "interests_of",
    "is_found_by_place",
    "is_to_be_welcomed",
    "suggested_people",
]
