"""The page of a tag."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from feeds import faces, selectors
from feeds.text import tag_name, tag_url
from feeds.views.lists import ITEMS, cursor_of, wants_items
from socialnet.kernel.errors import NotFound


@never_cache
@require_safe
def tag(request: HttpRequest, written: str) -> HttpResponse:
    """Newest first, for everybody. One that nobody uses is an empty page: whether it is known tells nothing."""
    name = tag_name(written)
    if not name:
        raise NotFound
    if written != name:
        return redirect(tag_url(name))
    page = selectors.tagged_posts(name=name, viewer=request.user, cursor=cursor_of(request))
    if wants_items(request):
        return render(request, ITEMS, {"page": page})
    display = selectors.tag_display(name, viewer=request.user)
    face = faces.of_tag(display, path=tag_url(name), is_used=bool(page.items))
    return face.told(render(request, "feeds/tag.html", {"display": display, "page": page, "face": face}))
