"""Scheduled jobs; the schedule is in `socialnet.celery`."""

from discovery.tasks.documents import keep_search_counts, tend_documents
from discovery.tasks.people import compute_first_posts, renew_suggestions, write_suggestion_numbers
from discovery.tasks.trends import compute_trending_people, compute_trends

__all__ = [
    "compute_first_posts",
    "compute_trending_people",
    "compute_trends",
    "keep_search_counts",
    "renew_suggestions",
    "tend_documents",
    "write_suggestion_numbers",
]
