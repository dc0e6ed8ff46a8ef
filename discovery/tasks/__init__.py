"""Scheduled jobs; the schedule is in `socialnet.celery`."""
