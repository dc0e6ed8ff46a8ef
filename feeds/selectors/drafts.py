"""What its author alone sees: drafts, what is scheduled, pictures that belong to nothing yet."""

from collections.abc import Iterable, Sequence

from django.db.models import Exists, OuterRef

from accounts.models import User
from feeds.items import FeedItem, items_of
from feeds.models import (
    Draft,
    DraftQuerySet,
    Media,
    Post,
)
from groups.models import Membership
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.outbox.ids import MAX_ID


def draft_for(author: User, draft_id: int) -> Draft:
    """The author's draft of that id, with its pictures; raises `NotFound` when they have none."""
    found = _drafts(author).filter(pk=draft_id).first() if 0 < draft_id <= MAX_ID else None
    if found is None:
        raise NotFound
    return found


def latest_draft(author: User) -> Draft | None:
    """The newest that waits for no time of its own: the one to go on with."""
    return Draft.objects.of(author).filter(scheduled_for=None).order_by("-pk").first()


def drafts_of(
    *, author: User, scheduled: bool | None = None, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[Draft]:
    """What `author` has not said yet, newest first; only what has a time, or has none, if `scheduled` says so."""
    drafts = _drafts(author).order_by("-pk")
    if scheduled is not None:
        drafts = drafts.filter(scheduled_for__isnull=not scheduled)
    return Page.of(drafts.filter(pk__lt=cursor.before) if cursor else drafts, size=size)


def scheduled_of(*, author: User) -> list[Draft]:
    """All that wait for their time, the next first."""
    return list(_drafts(author).exclude(scheduled_for=None).order_by("scheduled_for", "pk"))


def quotes_of(drafts: Iterable[Draft], *, viewer: User) -> dict[int, FeedItem]:
    """What `drafts` quote, as far as `viewer` may see it, by id."""
    ids = {draft.share_of_id for draft in drafts if draft.share_of_id is not None}
    return {item.id: item for item in items_of(ids, viewer=viewer)} if ids else {}


def _drafts(author: User) -> DraftQuerySet:
    """With pictures and groups; `is_in_group` says whether their author may still post there."""
    mine = Membership.objects.active().filter(user=author.pk, group=OuterRef("group"), group__deleted_at=None)
    drafts = Draft.objects.of(author).select_related("group").annotate(is_in_group=Exists(mine))
    return drafts.prefetch_related("media")


def pictures_of(post: Post) -> list[Media]:
    """In their order."""
    return list(Media.objects.filter(post=post.pk).order_by("position"))


def own_pictures(media_ids: Sequence[int], *, owner: User) -> list[Media]:
    """Those of `media_ids` that `owner` uploaded, in the given order."""
    found = Media.objects.filter(owner=owner.pk).in_bulk(list(media_ids))
    return [found[media_id] for media_id in dict.fromkeys(media_ids) if media_id in found]
