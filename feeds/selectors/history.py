"""What a post said before."""

from feeds.history import Version, changes_between
from feeds.models import (
    Post,
    PostRevision,
)
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page


def history_of(*, post: Post, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[Version]:
    """What `post` said, the newest first; for whoever may see the post. Raises `NotFound` for a share.

    Each version was written when the one before it was replaced.
    """
    if post.is_share:
        raise NotFound
    earlier = PostRevision.objects.filter(post=post.pk).select_related("post").order_by("-id")
    if cursor:
        earlier = earlier.filter(pk__lt=cursor.before)
    rows = list(earlier[: size + 1])
    texts: list[Post | PostRevision] = [*rows]
    if cursor is None:
        texts.insert(0, rows[0].post if rows else post)  # of the same moment as the rows
    befores = [*(rows if cursor is None else rows[1:]), None]
    pairs = list(zip(texts, befores, strict=True))[:size]
    versions = [_version(text, before, post) for text, before in pairs]
    more = len(texts) > size
    return Page(items=versions, next_cursor=Cursor(before=texts[size].pk + 1) if more else None)


def _version(text: Post | PostRevision, before: PostRevision | None, post: Post) -> Version:
    old, old_warning = (
        (before.content, before.content_warning) if before else (text.content, text.content_warning)
    )
    return Version(
        content=text.content,
        content_warning=text.content_warning,
        written_at=before.replaced_at if before else post.created_at,
        changes=changes_between(old, text.content),
        warning_changes=changes_between(old_warning, text.content_warning),
    )
