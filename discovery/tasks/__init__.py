"""Scheduled jobs; the schedule is in `socialnet.celery`."""

from discovery.tasks.documents import keep_search_counts, tend_documents

__all__ = ["keep_search_counts", "tend_documents"]
