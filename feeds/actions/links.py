"""What a post links to, and the preview that it shows of it."""

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from feeds.events import LinkWanted
from feeds.models import ADDRESS_MAX, FRESH, LinkPreview, Post
from feeds.text import first_link
from socialnet.kernel.outside import OutsideRefused, checked_url
from socialnet.outbox.actions import emit


def keep_link(post: Post, *, content: str, with_media: bool) -> None:
    """Tie `post` to the preview of its first link; who is first to link there in a week has it fetched.

    Pictures and quotes stand where a preview would, so posts with these have none. In the transaction that writes
    the post, always before `Written.keep_tags`: both lock rows that other posts need.
    """
    address = None if with_media or post.share_of_id else _address(content)
    preview_id = _preview_of(address, post) if address else None
    if preview_id != post.preview_id:
        Post.objects.filter(pk=post.pk).update(preview=preview_id)
        post.preview_id = preview_id


def _address(content: str) -> str | None:
    """The first link of `content` in its normal form, if it is one that may be asked for."""
    link = first_link(content) if settings.LINK_PREVIEWS else None
    if link is None:
        return None
    try:
        address = checked_url(link)
    except OutsideRefused:
        return None
    return address if len(address) <= ADDRESS_MAX else None


def _preview_of(address: str, post: Post) -> int:
    # Locked from here: upkeep cannot forget it, and who links there at the same moment waits.
    (preview,) = LinkPreview.objects.bulk_create(
        [LinkPreview(key=LinkPreview.key_of(address), url=address)],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["linked_at"],
    )
    old = LinkPreview.objects.filter(Q(asked_at=None) | Q(asked_at__lt=Now() - FRESH), pk=preview.pk)
    if old.update(asked_at=Now(), tries=0):
        emit(LinkWanted(preview_id=preview.pk), actor_id=post.author_id)
    return preview.pk
