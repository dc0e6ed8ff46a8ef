"""Scheduled jobs; the schedule is in `socialnet.celery`."""

from discovery.tasks.documents import keep_search_counts, tend_documents
from discovery.tasks.trends import compute_trending_people, compute_trends

__all__ = ["compute_trending_people", "compute_trends", "keep_search_counts", "tend_documents"]
