"""Celery doors of the kernel."""

from celery import shared_task

from socialnet.kernel.health import heartbeat


@shared_task(ignore_result=True)
def beat() -> None:
    """Every few seconds from beat through a worker: proof that both live."""
    heartbeat("worker")
