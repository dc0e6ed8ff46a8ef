"""Covers of groups: drawn anew like every picture, cut to one shape in two sizes, kept beside no row of their own.

Files are there before the group names them; what a crash leaves in between, or a storage that was away, is swept.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import IO

import structlog
from django.db.models import Q
from django.utils.translation import gettext as _

from groups.errors import InvalidGroup
from groups.models import COVER_ALT_MAX, COVER_LARGE, COVER_SMALL, Group
from socialnet.kernel import pictures, storage
from socialnet.kernel.storage import StorageAway

log = structlog.get_logger(__name__)
FOLDER = "groups/"
KEPT_FOR = timedelta(days=1)  # a file that no group names: it may be about to be named
_BATCH = 200


@dataclass(frozen=True)
class Cover:
    """The names of both files, and the colours that stand in until they are there."""

    large: str
    small: str
    blurhash: str


NONE = Cover(large="", small="", blurhash="")


def keep_cover(upload: IO[bytes]) -> Cover:
    """Draw and keep `upload`. Raises `UnreadablePicture`, `PictureTooLarge`, `StorageFull`, `StorageAway`; then
    nothing is left. Takes a second or so: never inside a transaction."""
    picture = pictures.open_picture(upload, field="cover")
    (large, small), blurhash = pictures.cut(picture, COVER_LARGE, COVER_SMALL)
    name = secrets.token_urlsafe(18)
    cover = Cover(
        large=f"{FOLDER}{name[:2]}/{name}-large.webp",
        small=f"{FOLDER}{name[:2]}/{name}-small.webp",
        blurhash=blurhash,
    )
    try:
        storage.save(cover.large, large.data)
        storage.save(cover.small, small.data)
    except BaseException:
        remove_files(cover.large, cover.small)
        raise
    return cover


def checked_alt(alt: str) -> str:
    """The description as it will be kept; raises `InvalidGroup`."""
    text = alt.replace("\x00", "").strip()
    if len(text) > COVER_ALT_MAX:
        raise InvalidGroup(cover_alt=[_("At most %(most)d characters.") % {"most": COVER_ALT_MAX}])
    return text


def remove_files(*names: str) -> None:
    """Delete files, as far as the storage answers; the rest is swept."""
    try:
        for name in filter(None, names):
            storage.delete(name)
    except StorageAway:
        log.info("files_wait_for_the_sweep")


def sweep_orphans() -> int:
    """Delete files that no group names any more; returns how many."""
    swept = 0
    found = storage.names(FOLDER, older_than=KEPT_FOR)
    while names := list(islice(found, _BATCH)):
        unknown = set(names) - _named(names)
        for name in unknown:
            storage.delete(name)
        swept += len(unknown)
    return swept


def _named(names: Iterable[str]) -> set[str]:
    groups = Group.objects.filter(Q(cover__in=names) | Q(cover_small__in=names))
    return {name for pair in groups.values_list("cover", "cover_small") for name in pair}
