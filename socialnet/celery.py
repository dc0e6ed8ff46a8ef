"""The Celery app: queues, safety settings, and the schedule of every job."""

import os
import threading
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init, worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socialnet.settings")

app = Celery("socialnet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.update(
    task_default_queue="default",
    task_serializer="json",
    accept_content=["json"],
    result_backend=None,
    task_ignore_result=True,
    timezone="UTC",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_lost_wait=1,  # seconds until the task of a killed child goes back to its queue; Celery's own is 10
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        # Longer than any job. What a killed worker held comes back sooner: its leases run out.
        "visibility_timeout": 3600,
        "unacked_restore_interval": 10,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
    },
    task_soft_time_limit=30,
    task_time_limit=60,
    worker_max_memory_per_child=400_000,  # KiB
)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
app.conf.task_annotations = {
    f"{app_name}.tasks.{job}": {"soft_time_limit": 1500, "time_limit": 1800}
    for app_name, jobs in {
        "socialnet.outbox": ["forget_old"],
        "accounts": [
            "reconcile_recent_counts",
            "reconcile_all_counts",
            "forget_expired",
            "erase_leavers",
            "make_exports",
        ],
        "groups": [
            "reconcile_recent_member_counts",
            "reconcile_all_member_counts",
            "sweep_covers",
            "forget_declined_invitations",
        ],
        "feeds": [
            "reconcile_recent_post_counts",
            "reconcile_all_post_counts",
            "reconcile_recent_tag_counts",
            "reconcile_all_tag_counts",
            "forget_link_previews",
            "store_waiting_pictures",
            "sweep_pictures",
            "leave_idle_people_alone",
            "trim_stored_timelines",
        ],
        "interactions": [
            "reconcile_recent_like_counts",
            "reconcile_all_like_counts",
            "forget_inactive_likes",
            "reconcile_recent_comment_counts",
            "reconcile_all_comment_counts",
            "forget_inactive_comment_likes",
        ],
        "notifications": ["forget_old_notifications", "owe_digests"],
        "discovery": [
            "documents.tend_documents",
            "people.renew_suggestions",
            "trends.compute_trends",
            "trends.compute_trending_people",
        ],
    }.items()
    for job in jobs
}


def job(task: str, schedule: crontab | float, *, every: float, queue: str = "maintenance") -> dict[str, Any]:
    """One that no worker took until the next is due is dropped: a long absence ends with one of each, not hundreds."""
    return {"task": task, "schedule": schedule, "options": {"queue": queue, "expires": every}}


app.conf.beat_schedule = {
    "dead letters": job("socialnet.outbox.tasks.alarm_dead_letters", MINUTE, every=MINUTE, queue="default"),
    # What waited while no worker was there is published late, but once: a few of these are enough.
    "posts whose time has come": job("feeds.tasks.publish_due", 5.0, every=MINUTE, queue="default"),
    "forget what is over": job("socialnet.outbox.tasks.forget_old", crontab(hour=3, minute=10), every=DAY),
    "follow counts, touched lately": job(
        "accounts.tasks.reconcile_recent_counts", crontab(minute=20), every=HOUR
    ),
    "follow counts, all": job(
        "accounts.tasks.reconcile_all_counts", crontab(minute=40, hour="*/6"), every=6 * HOUR
    ),
    "member counts, touched lately": job(
        "groups.tasks.reconcile_recent_member_counts", crontab(minute=22), every=HOUR
    ),
    "member counts, all": job(
        "groups.tasks.reconcile_all_member_counts", crontab(minute=45, hour=2), every=DAY
    ),
    "post counts, touched lately": job(
        "feeds.tasks.reconcile_recent_post_counts", crontab(minute=25), every=HOUR
    ),
    "post counts, all": job("feeds.tasks.reconcile_all_post_counts", crontab(minute=50, hour=2), every=DAY),
    "numbers of people's days": job("feeds.tasks.keep_day_counts", MINUTE, every=MINUTE),
    "days of long ago": job("feeds.tasks.forget_day_counts", crontab(minute=15, hour=4), every=DAY),
    "tag counts, touched lately": job(
        "feeds.tasks.reconcile_recent_tag_counts", crontab(minute=28), every=HOUR
    ),
    "tag counts, all": job("feeds.tasks.reconcile_all_tag_counts", crontab(minute=55, hour=2), every=DAY),
    "like counts, touched lately": job(
        "interactions.tasks.reconcile_recent_like_counts", crontab(minute=30), every=HOUR
    ),
    "like counts, all": job(
        "interactions.tasks.reconcile_all_like_counts", crontab(minute=0, hour=3), every=DAY
    ),
    "likes that were taken back": job(
        "interactions.tasks.forget_inactive_likes",
        crontab(minute=50, hour=3, day_of_week="sunday"),
        every=DAY,
    ),
    "comment counts, touched lately": job(
        "interactions.tasks.reconcile_recent_comment_counts", crontab(minute=35), every=HOUR
    ),
    "comment counts, all": job(
        "interactions.tasks.reconcile_all_comment_counts", crontab(minute=10, hour=3), every=DAY
    ),
    "likes of comments that were taken back": job(
        "interactions.tasks.forget_inactive_comment_likes",
        crontab(minute=55, hour=3, day_of_week="sunday"),
        every=DAY,
    ),
    "notifications that are due": job("notifications.tasks.tell_due", 5.0, every=MINUTE, queue="notify"),
    "letters that waited": job(
        "notifications.tasks.owe_waiting_letters", MINUTE, every=MINUTE, queue="default"
    ),
    "digests": job("notifications.tasks.owe_digests", 600.0, every=600.0),
    "notifications read long ago": job(
        "notifications.tasks.forget_old_notifications", crontab(minute=0, hour=4), every=DAY
    ),
    "searches, counted": job("discovery.tasks.documents.keep_search_counts", 300.0, every=300.0),
    "documents to search, tended": job(
        "discovery.tasks.documents.tend_documents", crontab(minute=40, hour=3), every=DAY
    ),
    "pictures that wait": job("feeds.tasks.store_waiting_pictures", 30.0, every=MINUTE),
    "tiers": job("feeds.tasks.review_tiers", 300.0, every=300.0),
    "what many like": job("interactions.tasks.compute_popular_posts", 300.0, every=300.0),
    "what trends": job("discovery.tasks.trends.compute_trends", 300.0, every=300.0),
    "who trends": job("discovery.tasks.trends.compute_trending_people", crontab(minute=15), every=HOUR),
    "people to follow": job("discovery.tasks.people.renew_suggestions", 300.0, every=300.0),
    "what came of suggestions": job("discovery.tasks.people.write_suggestion_numbers", 300.0, every=300.0),
    "first posts": job("discovery.tasks.people.compute_first_posts", 300.0, every=300.0),
    "homes of who was here last": job("feeds.tasks.warm_active", 300.0, every=300.0),
    "people who are away": job("feeds.tasks.leave_idle_people_alone", crontab(minute=10, hour=2), every=DAY),
    "stored timelines, trimmed": job(
        "feeds.tasks.trim_stored_timelines", crontab(minute=20, hour=2), every=DAY
    ),
    "link previews": job("feeds.tasks.forget_link_previews", crontab(minute=40, hour=4), every=DAY),
    "pictures, swept": job("feeds.tasks.sweep_pictures", crontab(minute=20, hour=4), every=DAY),
    "covers, swept": job("groups.tasks.sweep_covers", crontab(minute=25, hour=4), every=DAY),
    "invitations declined long ago": job(
        "groups.tasks.forget_declined_invitations", crontab(minute=35, hour=4), every=DAY
    ),
    "new addresses whose old ones kept silent": job(
        "accounts.tasks.apply_due_changes", crontab(minute=5), every=HOUR
    ),
    "people whose days of grace are over": job(
        "accounts.tasks.erase_leavers", crontab(minute=45), every=HOUR
    ),
    "archives that are owed": job("accounts.tasks.make_exports", 10.0, every=MINUTE),
    "archives that are over": job("accounts.tasks.forget_exports", crontab(minute=55), every=HOUR),
    "sanctions whose time is over": job(
        "moderation.tasks.end_due_sanctions", MINUTE, every=MINUTE, queue="default"
    ),
    "reports that groups did not decide in time": job(
        "moderation.tasks.escalate_due_cases", MINUTE, every=MINUTE, queue="default"
    ),
    "results of screening": job(
        "moderation.tasks.forget_screening_results", crontab(minute=15, hour=4), every=DAY
    ),
    "sessions, tokens and mutes that are over": job(
        "accounts.tasks.forget_expired", crontab(minute=30, hour=3), every=DAY
    ),
}


@setup_logging.connect
def keep_our_logging(**_kwargs: Any) -> None:
    """A receiver is enough: the settings configured the logs, Celery leaves them alone."""


@worker_process_init.connect
def forget_inherited_connections(**_kwargs: Any) -> None:
    """A forked child must not share its parent's sockets."""
    from django.db import connections

    connections.close_all()


_stopping = threading.Event()


@worker_ready.connect
def begin_heartbeat(**_kwargs: Any) -> None:
    """Beat for every part whose queues this worker takes: one that takes all is both."""
    from socialnet.kernel.health import WORKERS, keep_beating

    taken = set(app.amqp.queues.consume_from)
    for part, queues in WORKERS.items():
        if taken.issuperset(queues):
            keep_beating(part, _stopping)


_asked_to_stop: list[bool] = []


@worker_shutting_down.connect
def end_heartbeat(**_kwargs: Any) -> None:
    """Runs in the signal's handler: a second signal that comes inside `set` would wait for its lock for ever."""
    if not _asked_to_stop:
        _asked_to_stop.append(True)
        _stopping.set()
