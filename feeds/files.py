"""The files of pictures, kept in step with their rows: those that wait for the storage, and those nobody needs.

Every job may run twice at once, and picks up where a killed one stopped.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

import structlog
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from prometheus_client import Counter

from feeds import cards
from feeds.actions.media import FOLDER
from feeds.models import Media, PendingFile
from socialnet.kernel import storage
from socialnet.kernel.storage import StorageAway, StorageFull

log = structlog.get_logger(__name__)
KEPT_FOR = timedelta(days=1)  # an upload that is attached to nothing; what belonged to a deleted post
_BATCH = 200
_NIGHTS = 28
_lost = Counter("socialnet_media_files_lost", "Pictures in the database whose files are not in the storage")


def store_waiting() -> int:
    """Hand over what PostgreSQL kept while the storage was away; returns how many pictures are complete now."""
    done = 0
    for media_id in list(Media.objects.filter(is_stored=False).order_by("pk").values_list("pk", flat=True)):
        try:
            done += _store(media_id)
        except (StorageAway, StorageFull):
            log.info("pictures_still_wait")
            return done
    return done


def _store(media_id: int) -> bool:
    for pending in PendingFile.objects.filter(media=media_id).order_by("pk"):
        storage.save(pending.name, bytes(pending.data))
    with transaction.atomic():
        media = Media.objects.select_for_update().filter(pk=media_id, is_stored=False).first()
        if media is None:
            return False
        PendingFile.objects.filter(media=media).delete()
        Media.objects.filter(pk=media_id).update(is_stored=True)
    if media.post_id is not None:
        cards.drop(media.post_id)
    return True


def forget_unused() -> int:
    """Uploads that were never attached, and pictures of posts that are gone: rows, then files; returns how many."""
    forgotten = 0
    while names := _forget_rows(_unused()):
        forgotten += len(names) // 2
        _delete_files(names)
    return forgotten


def _unused() -> QuerySet[Media]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT socialnet_id_at(old), old FROM (SELECT clock_timestamp() - make_interval(secs => %s) AS old) m",
            [KEPT_FOR.total_seconds()],
        )
        before_id, before = cursor.fetchone()
    return Media.objects.filter(Q(post=None, draft=None, pk__lt=before_id) | Q(post__deleted_at__lt=before))


def forget_owned(user_id: int) -> None:
    """Every picture of a deleted person."""
    while names := _forget_rows(Media.objects.filter(owner=user_id)):
        _delete_files(names)


@transaction.atomic
def _forget_rows(media: QuerySet[Media]) -> list[str]:
    """Delete a batch of rows, unless somebody attaches them this moment; returns the names of their files."""
    locked = media.select_for_update(of=["self"], skip_locked=True).order_by("pk")[:_BATCH]
    rows = [(one.pk, one.large_name, one.small_name) for one in locked]
    Media.objects.filter(pk__in=[pk for pk, _large, _small in rows]).delete()
    return [name for _pk, large, small in rows for name in (large, small)]


def _delete_files(names: Iterable[str]) -> None:
    """What cannot be deleted now is an orphan, and goes with `sweep_orphans`."""
    try:
        for name in names:
            storage.delete(name)
    except StorageAway:
        log.info("files_wait_for_the_sweep")


def sweep_orphans() -> int:
    """Delete files that no picture names any more; returns how many. Young ones may be about to get their row."""
    swept = 0
    for names in _batches(storage.names(FOLDER, older_than=KEPT_FOR)):
        known = Media.objects.filter(Q(large_name__in=names) | Q(small_name__in=names))
        needed = {name for pair in known.values_list("large_name", "small_name") for name in pair}
        for name in names:
            if name not in needed:
                storage.delete(name)
                swept += 1
    return swept


def note_lost(*, night: int | None = None) -> int:
    """Count pictures whose files are gone; nothing can bring them back but a backup, so somebody has to know.

    Each `night` (a number of a day) takes its part, so that every picture has its turn within `_NIGHTS`; without one
    all are looked at.
    """
    lost = 0
    last = 0
    pictures = Media.objects.filter(is_stored=True).order_by("pk")
    if night is not None:
        pictures = pictures.alias(turn=F("id") % _NIGHTS).filter(turn=night % _NIGHTS)
    while rows := list(pictures.filter(pk__gt=last)[:_BATCH]):
        for media in rows:
            is_there = storage.exists(media.large_name) and storage.exists(media.small_name)
            if not is_there and Media.objects.filter(pk=media.pk).exists():  # nobody took it back meanwhile
                log.error("media_files_lost", media_id=media.pk)
                _lost.inc()
                lost += 1
        last = rows[-1].pk
    return lost


def _batches(names: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(names, _BATCH)):
        yield batch
