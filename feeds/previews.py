"""Previews of what posts link to: fetched in the background, once for all posts with the same link (ADR 15).

Asking takes up to 5 s for the page and as long for its picture, so it is done in a worker of its own. Logs say of a
page that it was refused and why, never which page.
"""

import secrets
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any, NoReturn

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from accounts.models import Viewer
from feeds import cards
from feeds.models import ADDRESS_MAX, LinkPreview, Post
from feeds.pages_outside import PAGE_BYTES, PAGE_TYPES, PagePreview, preview_of
from socialnet.kernel import outside, overload, pictures, storage
from socialnet.kernel.errors import DomainError, NotFound
from socialnet.kernel.outside import OutsideAway, OutsideRefused
from socialnet.outbox.errors import NotYet

log = structlog.get_logger(__name__)
PAUSES = (30, 300, 3600)  # seconds until nothing that answered is asked again; then it is given up
STRAIN_PAUSE = 60
KEPT = timedelta(days=30)  # since a post last came to link there, and while one does
FOLDER = "links/"
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/avif")
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
PICTURE_BYTES, PICTURE_PIXELS = 5 * 1024 * 1024, 16_000_000
SMALLEST = 64  # pixels each way: less is there to count visitors, not to be looked at
_BATCH = 500


# --- Fetching --------------------------------------------------------------------------------------------


def fetch(preview_id: int) -> None:
    """Have the preview say what the page says now. Raises `NotYet` when nothing answered, a few times at most, and
    while too much is going on."""
    preview = LinkPreview.objects.filter(pk=preview_id).first()
    if preview is None:
        return
    if not settings.LINK_PREVIEWS:
        LinkPreview.objects.filter(pk=preview_id).update(asked_at=None)
        return
    if not preview.is_fetched:
        if overload.is_strained():
            raise NotYet(STRAIN_PAUSE)
        _ask(preview)
    _forget_cards(preview)


def _ask(preview: LinkPreview) -> None:
    try:
        answer = outside.get(preview.url, most_bytes=PAGE_BYTES, accept=PAGE_TYPES)
    except OutsideRefused as refusal:
        log.info("link_refused", preview_id=preview.pk, reason=refusal.reason)
        return _keep_nothing(preview)
    except OutsideAway as away:
        if preview.tries < len(PAUSES):
            _ask_later(preview, away)
        log.info("link_given_up", preview_id=preview.pk, reason=away.reason)
        return _keep_nothing(preview, unless_ready=True)
    page = preview_of(answer)
    if page.is_empty:
        log.info("link_says_nothing", preview_id=preview.pk)
        return _keep_nothing(preview)
    _keep(preview, page, _picture(preview, page.image_url) if page.image_url else {})


def _ask_later(preview: LinkPreview, away: OutsideAway) -> NoReturn:
    pause = PAUSES[preview.tries]
    LinkPreview.objects.filter(pk=preview.pk).update(tries=preview.tries + 1)
    log.info("link_away", preview_id=preview.pk, reason=away.reason, again_in=pause)
    raise NotYet(pause)


def _keep(preview: LinkPreview, page: PagePreview, picture: dict[str, Any]) -> None:
    nowhere = {"image_name": "", "image_width": 0, "image_height": 0}
    LinkPreview.objects.filter(pk=preview.pk).update(
        state=LinkPreview.State.READY,
        title=page.title,
        description=page.description,
        site_name=page.site_name,
        leads_to=page.canonical_url if len(page.canonical_url) <= ADDRESS_MAX else "",
        fetched_at=Now(),
        **(picture or nowhere),
    )
    log.info("link_fetched", preview_id=preview.pk, with_picture=bool(picture))


def _keep_nothing(preview: LinkPreview, *, unless_ready: bool = False) -> None:
    """The page has nothing to show; `unless_ready` leaves what it said a week ago."""
    is_kept = unless_ready and preview.state == LinkPreview.State.READY
    gone = {} if is_kept else {"state": LinkPreview.State.NONE, "image_name": ""}
    LinkPreview.objects.filter(pk=preview.pk).update(fetched_at=Now(), **gone)


def _picture(preview: LinkPreview, url: str) -> dict[str, Any]:
    """The page's picture, drawn anew and kept; nothing when it cannot be had: words are enough."""
    try:
        answer = outside.get(url, most_bytes=PICTURE_BYTES, accept=PICTURE_TYPES)
        if not answer.is_whole:
            raise OutsideRefused("size")
        picture = pictures.open_picture(answer.body, max_pixels=PICTURE_PIXELS, formats=PICTURE_FORMATS)
        drawn = pictures.renditions(picture)
        if drawn.animated or min(drawn.small.width, drawn.small.height) < SMALLEST:
            raise OutsideRefused("picture")
        name = f"{FOLDER}{preview.pk}-{secrets.token_hex(8)}.webp"
        storage.save(name, drawn.small.data)
    except (OutsideRefused, OutsideAway) as error:
        log.info("link_without_picture", preview_id=preview.pk, reason=error.reason)
        return {}
    except DomainError as error:  # unreadable, too large, no time to draw it, no room to keep it
        log.info("link_without_picture", preview_id=preview.pk, reason=error.code)
        return {}
    return {"image_name": name, "image_width": drawn.small.width, "image_height": drawn.small.height}


def _forget_cards(preview: LinkPreview) -> None:
    """Raises `RedisAway`, on which the handler is tried again; the page is not asked twice for that."""
    ids = Post.objects.filter(preview=preview).order_by("pk").values_list("pk", flat=True).iterator(_BATCH)
    for some in _in_batches(ids):
        cards.surely_drop(*some)


# --- Reading ---------------------------------------------------------------------------------------------


def visible_picture(preview_id: int, *, viewer: Viewer) -> str:
    """The name of the picture's file, for who may see a post with it: a link may be anybody's, who posted it is not.

    Raises `NotFound`.
    """
    seen = Post.objects.filter(preview=OuterRef("pk")).visible_to(viewer)
    ready = LinkPreview.objects.filter(Exists(seen), pk=preview_id, state=LinkPreview.State.READY)
    name = ready.values_list("image_name", flat=True).first() if settings.LINK_PREVIEWS else None
    if not name:
        raise NotFound
    return name


# --- Upkeep ----------------------------------------------------------------------------------------------


def forget_unlinked() -> int:
    """Delete previews that no post links to, a month after one last came to; returns how many."""
    old, forgotten = LinkPreview.objects.filter(linked_at__lt=Now() - KEPT), 0
    while many := forget(old):
        forgotten += many
    return forgotten


@transaction.atomic
def forget(previews: "QuerySet[LinkPreview]") -> int:
    """Delete a batch of those that no post links to; their pictures go with `sweep_pictures`.

    What somebody is linking to at this moment is locked, and passed over.
    """
    linking = Post.objects.filter(preview=OuterRef("pk"), deleted_at=None)
    unlinked = previews.filter(~Exists(linking)).order_by("pk").select_for_update(skip_locked=True)
    ids = list(unlinked.values_list("pk", flat=True)[:_BATCH])
    Post.objects.filter(preview__in=ids).update(preview=None)  # deleted ones
    LinkPreview.objects.filter(pk__in=ids).delete()
    return len(ids)


def sweep_pictures() -> int:
    """Delete files that no preview names; returns how many. Raises `StorageAway`."""
    swept = 0
    for names in _in_batches(storage.names(FOLDER, older_than=timedelta(days=1))):
        ids = {number for name in names if (number := _id_in(name)) is not None}
        known = set(LinkPreview.objects.filter(pk__in=ids).values_list("image_name", flat=True))
        for name in set(names) - known:
            storage.delete(name)
            swept += 1
    return swept


def _id_in(name: str) -> int | None:
    number = name.removeprefix(FOLDER).partition("-")[0]
    return int(number) if number.isdecimal() else None


def _in_batches(items: "Iterable[Any]") -> "Iterator[list[Any]]":
    waiting = iter(items)
    while some := list(islice(waiting, _BATCH)):
        yield some
