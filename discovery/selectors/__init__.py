"""Reads, by area."""

from discovery.selectors.explore import ExplorePage, explore_cursor, explore_page
from discovery.selectors.people import (
    Choice,
    choices_of,
    interests_of,
    is_found_by_place,
    is_to_be_welcomed,
    suggested_people,
)
from discovery.selectors.trends import trending_people, trending_posts, trending_tags

__all__ = [
    "Choice",
    "ExplorePage",
    "choices_of",
    "explore_cursor",
    "explore_page",
    "interests_of",
    "is_found_by_place",
    "is_to_be_welcomed",
    "suggested_people",
    "trending_people",
    "trending_posts",
    "trending_tags",
]
