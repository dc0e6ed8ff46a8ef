"""Pictures, served through the door."""

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from feeds import selectors
from feeds.addresses import LARGE, SMALL
from socialnet.kernel import storage
from socialnet.kernel.errors import NotFound


@require_safe
def media(request: HttpRequest, media_id: int, size: str) -> HttpResponseBase:
    """A picture of a post that this viewer may see, or of their own."""
    if size not in (LARGE, SMALL):
        raise NotFound
    picture = selectors.get_visible_media(media_id, viewer=request.user)
    response = storage.serve(picture.large_name if size == LARGE else picture.small_name)
    response["X-Robots-Tag"] = (
        "noindex"  # found by its post, if at all: what its author asks of robots stands there
    )
    return response
