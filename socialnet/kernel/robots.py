"""What robots are asked of the site as a whole; what a person asks of them stands on the person's own pages."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# Pictures stay open for the cards of other sites. Nothing here is a secret: what is private is so by the door.
_NOT_FOR_ROBOTS = (
    "/admin/",
    "/api/",
    "/settings/",
    "/accounts/",
    "/bookmarks",
    "/drafts",
    "/insights",
    "/follow-requests",
    "/home/",
)
_TEXT = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in _NOT_FOR_ROBOTS) + "Allow: /\n"


@require_safe
def robots_txt(request: HttpRequest) -> HttpResponse:
    headers = {"Cache-Control": "public, max-age=86400"}
    return HttpResponse(_TEXT, content_type="text/plain; charset=utf-8", headers=headers)
