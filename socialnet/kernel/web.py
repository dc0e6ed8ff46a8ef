"""What stands around every request: its id, its errors, and what every page knows."""

import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from socialnet.kernel import breaker, overload, pages, response_times
from socialnet.kernel.errors import (
    Broken,
    CsrfFailed,
    DomainError,
    Forbidden,
    Malformed,
    MethodNotAllowed,
    NotFound,
    TooLarge,
)
from socialnet.kernel.logging import accepted_request_id, bound
from socialnet.kernel.metrics import REQUESTS
from socialnet.kernel.rest.exceptions import as_domain_error, problem_response

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponseBase]
API = "/api/"
ADMIN = "/admin/"
QUIET = ("/static/", "/health/", "/metrics")  # not worth a line in the log each
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestIdMiddleware:
    """Gives the request an id (or takes the caller's), puts it on every log line, and logs what came of it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.id = accepted_request_id(request.headers.get("X-Request-ID"))  # type: ignore[attr-defined]
        started = time.perf_counter()
        with bound(request_id=request.id):  # type: ignore[attr-defined]
            if request.path_info.startswith(API):
                request.path_info = _without_slash(request.path_info)
            response = self.get_response(request)
            self.tell(request, response, seconds=time.perf_counter() - started)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response

    def tell(self, request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own line lacks the id
        route = request.resolver_match.route if request.resolver_match else "none"
        method = (
            request.method if request.method in METHODS else "other"
        )  # anybody may invent methods without end
        REQUESTS.labels(method, route, response.status_code).observe(seconds)
        if not request.path_info.startswith(QUIET):
            response_times.note(seconds)
            log.info(
                "request",
                method=method,
                route=route,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
                user_id=_person_id(request),
            )


def _person_id(request: HttpRequest) -> int | None:
    """Who asked, if anybody looked already: the log itself asks no database."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)
    return getattr(user, "pk", None)


def _without_slash(path: str) -> str:
    """Tolerated at the end of every API path, and never redirected: a redirect would lose a POST's body."""
    return path[:-1] if path.endswith("/") and len(path) > len(API) else path


class ErrorMiddleware:
    """Turns what went wrong into a problem for programs and a page for people."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if refused := _unreadable(request):
            return answer(request, refused)
        response = self.get_response(request)
        if response.status_code == 405 and not request.path_info.startswith(API):
            response = _page_of_405(request, response)
        allow_socket(request, response)
        if request.path_info.startswith(ADMIN):
            response._csp_config = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        if response.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Cache-Control", "private, no-store")  # who looks is on every page
        if response.status_code == 503:  # forms come back with their own sentence
            response.headers.setdefault("Retry-After", "60")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        meaning = as_domain_error(error, method=request.method)
        return answer(request, meaning) if meaning else None


def answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    if request.path_info.startswith(API):
        return problem_response(error)
    return pages.error_page(request, error)


def _unreadable(request: HttpRequest) -> DomainError | None:
    """What can be refused before anybody looks at it: NUL in the address, a body larger than anything we take."""
    if "\x00" in request.path_info:
        return NotFound()
    if "%00" in request.META.get("QUERY_STRING", ""):
        return Malformed()
    if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
        return Malformed(_("A body needs its Content-Length."))  # WSGI would show it as empty
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        return Malformed()
    return TooLarge() if int(length) > _largest(request.content_type or "") else None


def _largest(content_type: str) -> int:
    files = settings.UPLOAD_MAX_BYTES if content_type == "multipart/form-data" else 0
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE + files


def _page_of_405(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if getattr(response, "content", None):
        return response
    page = pages.error_page(request, MethodNotAllowed())
    page["Allow"] = response.get("Allow", "")
    return page


# --- Django's own hooks (urls.py and settings name them) ----------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, TooLarge() if isinstance(exception, RequestDataTooBig) else Malformed())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Forbidden())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Also for what middleware raises, which `process_exception` never sees: engines away are no mistake of ours."""
    error = sys.exception()
    meaning = as_domain_error(error, method=request.method) if error else None
    return answer(request, meaning or Broken())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, CsrfFailed())


# --- what every page knows -----------------------------------------------------------------------------------


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: who looks, how it looks, the socket's address, and what is degraded."""
    return {
        "viewer": getattr(request, "user", None),
        "theme": pages.theme_of(request),
        "keyboard": request.COOKIES.get("keyboard", "on") != "off",
        "live_url": live_url(request),
        "banner": banner(),
        "request_id": getattr(request, "id", ""),
    }


def banner() -> dict[str, str] | None:
    """In words, while an engine is away or too much is going on; nothing otherwise. The worst comes first."""
    away = {name for name, state in breaker.snapshot().items() if state["state"] != breaker.CLOSED}
    if "postgresql" in away:
        return {"title": _("Writing is paused."), "text": _("You can read what we still have at hand.")}
    if "redis" in away:
        return {
            "title": _("Things are slower than usual."),
            "text": _("New posts may take longer to appear."),
        }
    if level := overload.level():
        title, text = overload.BANNERS[level]
        return {"title": str(title), "text": str(text)}
    if "storage" in away:
        return {
            "title": _("Pictures are not to be had for a moment."),
            "text": _("Everything else works; new ones are shown when they can be."),
        }
    return None


def live_url(request: HttpRequest) -> str:
    """The socket's address; on a laptop under the name the page was asked by, or its cookie would not travel."""
    url = urlsplit(settings.LIVE_URL)
    host = _host_of(request)
    if url.hostname not in LOOPBACK or host not in LOOPBACK or host == url.hostname:
        return str(settings.LIVE_URL)
    name = f"[{host}]" if ":" in host else host
    return str(urlunsplit(url._replace(netloc=f"{name}:{url.port}" if url.port else name)))


def _host_of(request: HttpRequest) -> str:
    try:
        return urlsplit(f"//{request.get_host()}").hostname or ""
    except DisallowedHost:
        return ""


def allow_socket(request: HttpRequest, response: HttpResponseBase) -> None:
    """The socket's port is not `'self'`: name it in this page's policy where settings could not."""
    if not response.get("Content-Type", "").startswith("text/html"):
        return
    own = urlsplit(live_url(request))
    origin = f"{own.scheme}://{own.netloc}"
    if origin != settings.LIVE_ORIGIN and not hasattr(response, "_csp_update"):
        response._csp_update = {"connect-src": [origin]}  # type: ignore[attr-defined]
