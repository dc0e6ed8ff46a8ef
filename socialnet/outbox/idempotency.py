"""One key, one effect: the answer to a request is kept in the transaction of what it did, and given again.

A repeat that comes while the first is at work is told so (programs) or waits for it (forms: somebody pressed twice,
and the browser shows the answer to the second).
"""

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, Concatenate, ParamSpec, cast

import orjson
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from rest_framework.response import Response

from socialnet.kernel.api import APIView
from socialnet.kernel.errors import Invalid
from socialnet.kernel.metrics import REPLAYS
from socialnet.kernel.rest.renderers import dumps
from socialnet.outbox.errors import IdempotencyInProgress, IdempotencyMismatch
from socialnet.outbox.models import IdempotencyKey

HOURS_KEPT = 24
KEPT_FOR = timedelta(hours=HOURS_KEPT)
LONGEST_KEY = 200
PATIENCE = "4s"  # how long a form waits for its twin
KEPT_HEADERS = ("Location", "Retry-After", "WWW-Authenticate")
_NOT_FINGERPRINTED = {"csrfmiddlewaretoken", "idempotency_key"}
_LOCK_NOT_AVAILABLE = "55P03"  # SQLSTATE
_FORGET = """
DELETE FROM outbox_idempotencykey WHERE id IN (
    SELECT id FROM outbox_idempotencykey
    WHERE created_at < statement_timestamp() - make_interval(hours => %(hours)s) LIMIT %(batch)s)
"""
_BATCH = 5000
Parameters = ParamSpec("Parameters")


@dataclass(frozen=True)
class Claim:
    """One person's use of one key for one request; all methods want a transaction."""

    user_id: int
    key: str
    fingerprint: str

    def __post_init__(self) -> None:
        if not 0 < len(self.key) <= LONGEST_KEY or not self.key.isprintable():
            raise Invalid(errors={"Idempotency-Key": [_("A key has 1 to 200 printable characters.")]})

    def try_lock(self) -> None:
        """Raise `IdempotencyInProgress` when another transaction holds the same key."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))", [self.key, self.user_id]
            )
            (locked,) = cursor.fetchone()
        if not locked:
            raise IdempotencyInProgress

    def wait_for_lock(self) -> None:
        """Wait a little for the transaction that holds the same key; then raise `IdempotencyInProgress`."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [self.key, self.user_id]
                )
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) == _LOCK_NOT_AVAILABLE:
                raise IdempotencyInProgress from error
            raise

    def kept_answer(self) -> IdempotencyKey | None:
        """The first answer, if there was one in the last 24 hours; raises `IdempotencyMismatch`."""
        rows = IdempotencyKey.objects.filter(user_id=self.user_id, key=self.key)
        kept = rows.filter(created_at__gt=Now() - KEPT_FOR).first()
        if kept and not hmac.compare_digest(kept.fingerprint, self.fingerprint):
            raise IdempotencyMismatch
        if kept:
            REPLAYS.inc()
        return kept

    def keep(self, response: HttpResponse, *, body: str = "") -> None:
        headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        if content_type := getattr(response, "content_type", None):
            headers["Content-Type"] = content_type
        answer = IdempotencyKey(
            user_id=self.user_id,
            key=self.key,
            fingerprint=self.fingerprint,
            status=response.status_code,
            body=body,
            headers=headers,
            created_at=Now(),
        )
        IdempotencyKey.objects.bulk_create(
            [answer],
            update_conflicts=True,  # a key that is older than a day starts anew
            unique_fields=["user_id", "key"],
            update_fields=["fingerprint", "status", "body", "headers", "created_at"],
        )


# --- the API ------------------------------------------------------------------------------------------------


def once(view: APIView, handler: Callable[[], Response]) -> Response:
    """`settings.API_IDEMPOTENCY`: the answer of `handler`, or the first one to the same request with its key."""
    request = view.request
    claim = Claim(
        user_id=int(request.user.pk or 0),
        key=request.headers["Idempotency-Key"].strip(),
        fingerprint=fingerprint(str(request.method), request.path_info, request.data),
    )
    with transaction.atomic():
        claim.try_lock()
        if kept := claim.kept_answer():
            return _replayed(kept)
        response = _first_answer(view, handler)
        claim.keep(response, body=dumps(response.data).decode())
        return response


def _first_answer(view: APIView, handler: Callable[[], Response]) -> Response:
    """A refusal is an answer, too, and leaves nothing behind; 5xx and 429 are none and end the transaction."""
    try:
        with transaction.atomic():
            return handler()
    except Exception as error:
        response = view.handle_exception(error)
        if response.status_code >= 500 or response.status_code == 429:
            raise
        return response


def _replayed(kept: IdempotencyKey) -> Response:
    headers = {**kept.headers, "Idempotent-Replay": "true"}
    content_type = headers.pop("Content-Type", None)
    return Response(orjson.loads(kept.body), status=kept.status, headers=headers, content_type=content_type)


# --- forms --------------------------------------------------------------------------------------------------


def idempotent_form(
    view: Callable[Concatenate[HttpRequest, Parameters], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponse]:
    """A view of a form with `{% idempotency_key %}`: sent twice by who is signed in, it redirects alike, acts once."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        key = request.POST.get("idempotency_key", "") if request.method == "POST" else ""
        if not key or not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        told = fingerprint(str(request.method), request.path_info, _posted(request))
        claim = Claim(user_id=request.user.pk, key=key, fingerprint=told)
        with transaction.atomic():
            claim.wait_for_lock()
            if kept := claim.kept_answer():
                return _redirected_again(kept)
            response = view(request, *args, **kwargs)
            if 300 <= response.status_code < 400:
                claim.keep(response)
            return response

    return wrapped


def _posted(request: HttpRequest) -> QueryDict:
    posted = request.POST.copy()
    posted.update(cast(Any, request.FILES))
    return posted


def _redirected_again(kept: IdempotencyKey) -> HttpResponse:
    response = HttpResponseRedirect(kept.headers["Location"], status=kept.status)
    response["Idempotent-Replay"] = "true"
    return response


# --- what makes two requests the same ------------------------------------------------------------------------


def fingerprint(method: str, path: str, data: Any) -> str:
    """Of method, path, fields and files; keyed, because the fields may hold what is easy to guess."""
    if isinstance(data, QueryDict):
        data = {name: [_plain(value) for value in values] for name, values in data.lists()}
    fields = {name: value for name, value in data.items() if name not in _NOT_FINGERPRINTED}
    request = json.dumps([method, path, fields], sort_keys=True)
    return hmac.new(settings.SECRET_KEY.encode(), request.encode(), sha256).hexdigest()


def _plain(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    return ["file", value.name, _digest(value.chunks()), value.seek(0)]


def _digest(chunks: Iterable[bytes]) -> str:
    digest = sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def forget_old() -> int:
    """Delete keys older than 24 hours; returns how many."""
    deleted: int = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_FORGET, {"hours": HOURS_KEPT, "batch": _BATCH})
            deleted += cursor.rowcount
            if cursor.rowcount < _BATCH:
                return deleted
