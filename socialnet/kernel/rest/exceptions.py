"""Everything that can go wrong in a request, as one `DomainError`, and that as problem+json (RFC 9457)."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as rest
from rest_framework.response import Response
from rest_framework.settings import api_settings

from socialnet.kernel import errors
from socialnet.kernel.errors import DomainError
from socialnet.kernel.logging import request_id
from socialnet.kernel.postgres import is_away
from socialnet.kernel.rest.renderers import dumps

PROBLEM = "application/problem+json"
DOCUMENTED_AT = "/help/api-errors#"
OUT_OF_RANGE = "22003"  # SQLSTATE: an id that no row can have
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
log = structlog.get_logger(__name__)

_SIMPLE: dict[type[Exception], type[DomainError]] = {
    Http404: errors.NotFound,
    rest.NotFound: errors.NotFound,
    rest.MethodNotAllowed: errors.MethodNotAllowed,
    rest.NotAcceptable: errors.NotAcceptable,
    rest.UnsupportedMediaType: errors.UnsupportedMediaType,
    rest.ParseError: errors.Malformed,
    rest.NotAuthenticated: errors.NotSignedIn,
    rest.AuthenticationFailed: errors.NotSignedIn,
    RequestDataTooBig: errors.TooLarge,
    MultiPartParserError: errors.Malformed,
    SuspiciousOperation: errors.Malformed,
    BadRequest: errors.Malformed,
    errors.RedisAway: errors.Unavailable,
}


def as_domain_error(error: BaseException, *, method: str | None) -> DomainError | None:
    """What `error` means to a person who sent a `method` request; None for a mistake of ours."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, errors.DatabaseAway | OperationalError | InterfaceError):
        log.warning("database_error", error=type(error).__name__, sqlstate=_sqlstate(error))
        return errors.WritingPaused() if method not in SAFE and is_away(error) else errors.Unavailable()
    if isinstance(error, DataError):
        return errors.NotFound() if _sqlstate(error) == OUT_OF_RANGE else errors.Invalid()
    if isinstance(error, rest.ValidationError):
        return errors.Invalid(errors=dict(flattened(error.detail)))
    if isinstance(error, ValidationError):
        return errors.Invalid(errors=_fields_of(error))
    if isinstance(error, rest.Throttled):
        return errors.RateLimited(retry_after=int(getattr(error, "wait", None) or 1))
    if isinstance(error, PermissionDenied | rest.PermissionDenied):
        return errors.CsrfFailed() if "CSRF" in str(error) else errors.Forbidden()
    return next((meaning() for kind, meaning in _SIMPLE.items() if isinstance(error, kind)), None)


def _sqlstate(error: BaseException) -> str:
    return str(getattr(error.__cause__, "pgcode", None) or "")


def _fields_of(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return {
            api_settings.NON_FIELD_ERRORS_KEY if f == "__all__" else f: m
            for f, m in error.message_dict.items()
        }
    return {api_settings.NON_FIELD_ERRORS_KEY: list(error.messages)}


def flattened(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """REST framework's nested error details as dotted field names, each with its sentences."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flattened(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list | tuple) and any(isinstance(item, Mapping) for item in detail):
        for index, inner in enumerate(detail):
            if inner:
                yield from flattened(inner, f"{path}.{index}" if path else str(index))
    else:
        lines = detail if isinstance(detail, list | tuple) else [detail]
        yield path or api_settings.NON_FIELD_ERRORS_KEY, [str(line) for line in lines]


def problem_of(error: DomainError) -> dict[str, Any]:
    """The body of the answer."""
    problem: dict[str, Any] = {
        "type": f"{DOCUMENTED_AT}{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": str(error.sentence),
        "code": error.code,
        "request_id": request_id(),
        "errors": error.errors,
    }
    return problem


def headers_of(error: DomainError) -> dict[str, str]:
    headers = {"Cache-Control": "private, no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, error.retry_after))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return headers


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's hook: the problem, or None to let the mistake become a 500."""
    meaning = as_domain_error(error, method=context["request"].method)
    if meaning is None:
        return None
    return Response(
        problem_of(meaning), status=meaning.status, headers=headers_of(meaning), content_type=PROBLEM
    )


def problem_response(error: DomainError) -> HttpResponse:
    """The same outside of a REST framework view: unknown hosts, middleware, mistakes of ours."""
    return HttpResponse(
        dumps(problem_of(error)), status=error.status, headers=headers_of(error), content_type=PROBLEM
    )


def documented_errors() -> list[type[DomainError]]:
    """Every class that brings a code of its own, by code; what `docs/api-errors.md` lists."""
    found: dict[str, type[DomainError]] = {}
    waiting = [DomainError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if "code" in vars(kind) and kind is not DomainError:
            found.setdefault(kind.code, kind)
    return [found[code] for code in sorted(found)]
