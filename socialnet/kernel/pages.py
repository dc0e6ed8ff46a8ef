"""Error pages: the HTML twins of problem+json. A page for a 5xx needs no database, no session and no Redis."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from socialnet.kernel.errors import DomainError
from socialnet.kernel.logging import request_id
from socialnet.kernel.rest.exceptions import headers_of

log = structlog.get_logger(__name__)
TEMPLATE = "errors/error.html"
TITLES = {
    400: gettext_lazy("That did not work"),
    401: gettext_lazy("Please sign in"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("There is nothing here"),
    405: gettext_lazy("Not like that"),
    409: gettext_lazy("Not as things stand"),
    413: gettext_lazy("That is too large"),
    429: gettext_lazy("One moment, please"),
    500: gettext_lazy("That was our mistake"),
    503: gettext_lazy("Back in a moment"),
}
RETRIED = {"csrf_failed", "writing_paused", "unavailable", "rate_limited", "idempotency_in_progress"}
_SECRET = re.compile(r"passw|secret|token|otp|^code$", re.IGNORECASE)
_BARE = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    "<h1>{title}</h1><p>{sentence}</p><p>{request_id}</p></html>"
)


def error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page that says `error` to a person; after a failed write it carries what was typed."""
    context = {
        "code": error.code,
        "status": error.status,
        "title": error.title or TITLES.get(error.status, TITLES[400]),
        "sentence": error.sentence,
        "lines": [line for lines in error.errors.values() for line in lines],
        "request_id": request_id(),
        "theme": theme_of(request),
        "retry": retry_of(request, error),
    }
    response = HttpResponse(_rendered(request, context), status=error.status, headers=headers_of(error))
    del response["WWW-Authenticate"]  # a browser would open its own sign-in box
    return response


def _rendered(request: HttpRequest, context: dict[str, Any]) -> str:
    """In the page frame if that can be had, without it while engines are away, bare if templates are broken."""
    if context["status"] < 500:
        try:
            return render_to_string(TEMPLATE, context, request)
        except Exception as error:
            log.warning("error_page_without_frame", error=type(error).__name__)
    try:
        return render_to_string(TEMPLATE, context)
    except Exception:
        log.exception("error_page_broken")
        return format_html(_BARE, **context)


def theme_of(request: HttpRequest) -> str:
    theme = request.COOKIES.get("theme", "")
    return theme if theme in ("light", "dark") else "auto"


def retry_of(request: HttpRequest, error: DomainError) -> dict[str, Any] | None:
    """A form that sends the same fields again, without secrets and files; None where repeating makes no sense."""
    if request.method != "POST" or (error.code not in RETRIED and error.code != "idempotency_mismatch"):
        return None
    try:
        posted, has_files = request.POST, bool(request.FILES)
    except Exception:
        return None
    fields = list(_carried(posted))
    if error.code == "idempotency_mismatch":  # sent on purpose after a change: another act, another key
        fields = [(name, value) for name, value in fields if name != "idempotency_key"]
        fields.append(("idempotency_key", str(uuid4())))
    return {
        "url": request.get_full_path(),
        "fields": fields,
        "csrf_token": get_token(request),
        "label": _("Send it anyway") if error.code == "idempotency_mismatch" else _("Try again"),
        "without_files": has_files,
        "without_secrets": any(_SECRET.search(name) for name in posted if name != "csrfmiddlewaretoken"),
    }


def _carried(posted: Any) -> Iterator[tuple[str, str]]:
    for name, values in posted.lists():
        if name != "csrfmiddlewaretoken" and not _SECRET.search(name):
            yield from ((name, value) for value in values)
