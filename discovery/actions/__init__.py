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

__all__ = [
    "be_found_by_place",
    "dismiss_suggestion",
    "end_welcome",
    "expect_welcome",
    "follow_places",
    "forget_of_deleted",
    "remember_partings",
    "save_interests",
]
