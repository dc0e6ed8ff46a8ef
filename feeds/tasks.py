"""Celery doors of feeds; the schedule is in `socialnet/celery.py`."""

from datetime import date

import structlog
from celery import shared_task

from feeds import (
    actions,
    files,
    group_posts,
    idle,
    insights,
    previews,
    sources,
    tag_counts,
    upkeep,
    warming,
)

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def reconcile_recent_post_counts() -> None:
    """Hourly: post counts of people who wrote lately and of their groups, share counts of what was shared lately."""
    wrong, wrong_shares = upkeep.reconcile_recent_post_counts(), upkeep.reconcile_recent_share_counts()
    in_groups = group_posts.reconcile_recent()
    log.info("recent_post_counts_reconciled", wrong=wrong, wrong_shares=wrong_shares, in_groups=in_groups)


@shared_task(ignore_result=True)
def reconcile_all_post_counts() -> None:
    """Nightly: the post counts of everybody and of every group, every post's share count."""
    wrong, wrong_shares = upkeep.reconcile_all_post_counts(), upkeep.reconcile_all_share_counts()
    in_groups = group_posts.reconcile_all()
    log.info("all_post_counts_reconciled", wrong=wrong, wrong_shares=wrong_shares, in_groups=in_groups)


@shared_task(ignore_result=True)
def reconcile_recent_tag_counts() -> None:
    """Hourly: counts of tags of what was written lately."""
    log.info("recent_tag_counts_reconciled", wrong=tag_counts.reconcile_recent())


@shared_task(ignore_result=True)
def reconcile_all_tag_counts() -> None:
    """Nightly: every tag's count."""
    log.info("all_tag_counts_reconciled", wrong=tag_counts.reconcile_all())


@shared_task(ignore_result=True)
def store_waiting_pictures() -> None:
    """Every half minute: pictures that waited for the storage."""
    if stored := files.store_waiting():
        log.info("waiting_pictures_stored", pictures=stored)


@shared_task(ignore_result=True)
def sweep_pictures() -> None:
    """Nightly: uploads that nothing took, files without a picture, pictures without files."""
    forgotten, swept = files.forget_unused(), files.sweep_orphans()
    lost = files.note_lost(night=date.today().toordinal())
    log.info("pictures_swept", forgotten=forgotten, orphans=swept, lost=lost)


@shared_task(ignore_result=True)
def publish_due() -> None:
    """Every 5 s: drafts whose time has come."""
    if published := actions.publish_due():
        log.info("scheduled_posts_published", published=published)


@shared_task(ignore_result=True)
def forget_link_previews() -> None:
    """Nightly: what no post has linked to for a month, and pictures that no preview names."""
    forgotten, swept = previews.forget_unlinked(), previews.sweep_pictures()
    log.info("link_previews_forgotten", previews=forgotten, pictures=swept)


@shared_task(ignore_result=True)
def leave_idle_people_alone() -> None:
    """Nightly: whoever was not here for long is passed over by fan-out until they return."""
    log.info("idle_people_left_alone", people=idle.leave_alone())


@shared_task(ignore_result=True)
def review_tiers() -> None:
    """Every 5 minutes: who is merged on read from now on, and who is delivered again."""
    reviewed = sources.review()
    if reviewed.changed:
        log.info("tiers_reviewed", entered=reviewed.entered, leaving=reviewed.leaving, left=reviewed.left)


@shared_task(ignore_result=True)
def trim_stored_timelines() -> None:
    """Nightly: the newest entries of each person stay; those of deleted posts go."""
    swept, trimmed = upkeep.sweep_deleted_entries(), upkeep.trim_stored_timelines()
    log.info("stored_timelines_trimmed", trimmed=trimmed, swept=swept)


@shared_task(ignore_result=True)
def warm_active() -> None:
    """Every 5 minutes: homes of who was here last, where they were lost."""
    if warmed := warming.warm_active():
        log.info("homes_warmed", people=warmed)


@shared_task(ignore_result=True)
def keep_day_counts() -> None:
    """Every minute: what homes showed, into people's days."""
    if changed := insights.keep():
        log.info("day_counts_kept", people=changed)


@shared_task(ignore_result=True)
def forget_day_counts() -> None:
    """Nightly: days that nobody looks back to."""
    log.info("day_counts_forgotten", days=insights.forget_old())
