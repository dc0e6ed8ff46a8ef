"""That something was refused is written down after its transaction is undone: by the request, or by who caught it."""

from collections.abc import Callable
from contextvars import ContextVar

import structlog
from django.db import Error
from django.http import HttpRequest, HttpResponse

from moderation.screening.models import ScreeningResult

log = structlog.get_logger(__name__)
_waiting: ContextVar[list[ScreeningResult] | None] = ContextVar("refusals", default=None)


def noted(row: ScreeningResult) -> Callable[[], object]:
    """Have `row` written when this request is answered; gives what writes it at once, where there is no request."""
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append(row)
        return lambda: None
    return lambda: row.save(force_insert=True)


class RefusalsMiddleware:
    """Views are done with their transactions when they are here again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _waiting.set([])
        try:
            response = self._get_response(request)
            _write(_waiting.get() or [])
        finally:
            _waiting.reset(token)
        return response


def _write(rows: list[ScreeningResult]) -> None:
    """The answer stands; should this fail, only the count of refusals is one too low."""
    if not rows:
        return
    try:
        ScreeningResult.objects.bulk_create(rows)
    except Error as error:
        log.warning("refusals_not_kept", many=len(rows), error=type(error).__name__)
