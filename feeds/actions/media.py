"""Pictures: uploaded on their own, then attached to a post or a draft."""

from collections.abc import Sequence

from feeds.errors import TooManyPictures, UnknownPicture
from feeds.models import MEDIA_MOST, Media, Post


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
