"""Pictures of pages that posts link to, served through the door."""

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from feeds import previews
from socialnet.kernel import storage


@require_safe
def link_picture(request: HttpRequest, preview_id: int) -> HttpResponseBase:
    return storage.serve(previews.visible_picture(preview_id, viewer=request.user))
