"""Jobs of search."""

from celery import shared_task

from discovery.search import documents, numbers


@shared_task(ignore_result=True)
def keep_search_counts() -> None:
    numbers.keep_counts()


@shared_task(ignore_result=True)
def tend_documents() -> None:
    """What slipped past the events, what is left of things that are gone, and how well known people are by now."""
    documents.tend()
