"""Pictures: uploaded on their own, then attached to a post or a draft."""

import secrets
from collections.abc import Sequence
from functools import partial
from typing import IO

import structlog
from django.db import transaction

from accounts.models import User
from feeds.errors import AltTooLong, PictureInUse, TooManyPictures, UnknownPicture
from feeds.models import ALT_MAX, MEDIA_MOST, Media, PendingFile, Post
from socialnet.kernel import pictures, storage
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.kernel.pictures import Renditions
from socialnet.kernel.storage import StorageAway, StorageFull
from socialnet.kernel.text import clean

log = structlog.get_logger(__name__)
FOLDER = "posts/"


def upload_picture(*, owner: User, upload: bytes | IO[bytes], alt: str = "") -> Media:
    """Draw `upload` anew in two sizes and keep it, for a day unless it is attached.

    Files are there before the row that names them; what a crash leaves in between is swept by `feeds.files`. While
    the storage is away PostgreSQL keeps the files. Raises `AltTooLong`, `UnreadablePicture`, `PictureTooLarge`,
    `StorageFull`; then nothing is left. Takes a second or so: never inside a transaction.
    """
    text = checked_alt(alt)
    drawn = pictures.renditions(pictures.open_picture(upload))
    name = secrets.token_urlsafe(18)
    files = {
        f"{FOLDER}{name[:2]}/{name}-large.webp": drawn.large.data,
        f"{FOLDER}{name[:2]}/{name}-small.webp": drawn.small.data,
    }
    is_stored = _stored(files)
    return _add_picture(owner, text, drawn, files, is_stored=is_stored)


def checked_alt(alt: str) -> str:
    """The description as it will be kept; raises `AltTooLong` or `UnusableText`."""
    text = clean(alt)
    if len(text) > ALT_MAX:
        raise AltTooLong(ALT_MAX)
    return text


def _stored(files: dict[str, bytes]) -> bool:
    """Whether the storage took all of `files`; if it is away they have to wait, if it is full nothing remains."""
    try:
        for name, data in files.items():
            storage.save(name, data)
    except StorageAway:
        log.warning("pictures_wait_for_the_storage")
        return False
    except StorageFull:
        remove_files(list(files))
        raise
    return True


def remove_files(names: list[str]) -> None:
    """Delete files, as far as the storage answers; the rest is swept with other orphans."""
    for name in names:
        try:
            storage.delete(name)
        except StorageAway:
            log.info("files_wait_for_the_sweep")
            return


@transaction.atomic
def _add_picture(
    owner: User, alt: str, drawn: Renditions, files: dict[str, bytes], *, is_stored: bool
) -> Media:
    large_name, small_name = files
    media = Media.objects.create(
        owner=owner,
        alt=alt,
        large_name=large_name,
        small_name=small_name,
        width=drawn.large.width,
        height=drawn.large.height,
        small_width=drawn.small.width,
        blurhash=drawn.blurhash,
        is_animated=drawn.animated,
        is_stored=is_stored,
    )
    if not is_stored:
        PendingFile.objects.bulk_create(
            PendingFile(media=media, name=name, data=data) for name, data in files.items()
        )
    return media


@transaction.atomic
def put_alt(*, media_id: int, actor: User, alt: str, post_id: int | None = None) -> Media:
    """Write the description of a picture of this post, or of none; what belongs to another is left as it is.

    Raises `AltTooLong`, `Forbidden` for somebody else's picture, `NotFound` for none.
    """
    text = checked_alt(alt)
    locked = Media.objects.select_for_update().filter(pk=media_id).first()
    if locked is None:  # taken back or collected since it was looked up
        raise NotFound
    if locked.owner_id != actor.pk:
        raise Forbidden
    if locked.post_id == post_id:
        locked.alt = text
        locked.save(update_fields=["alt"])
    return locked


def locked_alts(media_ids: Sequence[int], *, owner_id: int) -> dict[int, str]:
    """What is to be seen on each picture, which nobody describes otherwise until this transaction ends."""
    if not media_ids:
        return {}
    found = Media.objects.select_for_update().filter(pk__in=media_ids, owner=owner_id).order_by("pk")
    return dict(found.values_list("pk", "alt"))


@transaction.atomic
def discard_picture(*, media: Media, actor: User) -> None:
    """Take back an upload. Raises `PictureInUse` when it is part of a post: that is edited instead."""
    locked = Media.objects.select_for_update().filter(pk=media.pk).first()
    if locked is None:
        return
    if locked.owner_id != actor.pk:
        raise Forbidden
    if locked.post_id is not None:
        raise PictureInUse
    locked.delete()
    transaction.on_commit(partial(remove_files, [locked.large_name, locked.small_name]))


def attach_media(*, post: Post, media_ids: Sequence[int]) -> None:
    """Make `media_ids` the pictures of `post`, in this order; others that it had belong to nothing from now on.

    Raises `TooManyPictures`, or `UnknownPicture` for one that is not the author's or belongs to another post.
    """
    wanted = list(dict.fromkeys(media_ids))
    if len(wanted) > MEDIA_MOST:
        raise TooManyPictures(MEDIA_MOST)
    Media.objects.filter(post=post).exclude(pk__in=wanted).update(post=None, position=0)
    if not wanted:
        return
    found = Media.objects.select_for_update().filter(pk__in=wanted, owner=post.author_id).order_by("pk")
    usable = {media.pk for media in found if media.post_id in (None, post.pk)}
    if usable != set(wanted):
        raise UnknownPicture
    for position, media_id in enumerate(wanted):
        Media.objects.filter(pk=media_id).update(post=post, draft=None, position=position)
