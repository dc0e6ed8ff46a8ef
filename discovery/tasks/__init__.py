"""Celery's doors, by area; importing them registers them."""

from discovery.tasks.people import compute_first_posts, renew_suggestions, write_suggestion_numbers

__all__ = ["compute_first_posts", "renew_suggestions", "write_suggestion_numbers"]
