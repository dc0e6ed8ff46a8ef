"""Writes, by area."""

from discovery.actions.people import (
    be_found_by_place,
    dismiss_suggestion,
    end_welcome,
    expect_welcome,
    follow_places,
    forget_of_deleted,
    remember_partings,
    save_interests,
)
from discovery.actions.trends import rule_on_trend

__all__ = [
    "be_found_by_place",
    "dismiss_suggestion",
    "end_welcome",
    "expect_welcome",
    "follow_places",
    "forget_of_deleted",
    "remember_partings",
    "rule_on_trend",
    "save_interests",
]
