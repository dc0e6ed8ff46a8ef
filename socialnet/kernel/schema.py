"""OpenAPI: the conventions of the API written once into every operation, so that views describe only their own."""

import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticatedOrReadOnly

from socialnet.kernel.api import WITHOUT_KEYS
from socialnet.kernel.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from socialnet.kernel.rest.exceptions import PROBLEM
from socialnet.kernel.rest.fields import SerializerClass


def _header(kind: str, description: str) -> dict[str, Any]:
    return {"schema": {"type": kind}, "description": description}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "description": description}


# Written once under `components`, referred to by every operation.
HEADERS = {
    "RateLimit-Limit": _header("integer", "Requests per window."),
    "RateLimit-Remaining": _header("integer", "What is left of it."),
    "RateLimit-Reset": _header("integer", "Seconds until a new window."),
    "X-Request-ID": _header("string", "The id of this request in our logs."),
    "ETag": _header("string", "For `If-None-Match`."),
    "Link": _header("string", 'The next page, `rel="next"`.'),
    "Retry-After": _header("integer", "Seconds to wait before another try."),
    "Idempotent-Replay": _header("boolean", "This is the first answer to this key, given again."),
}
EVERYWHERE = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-ID")
PARAMETERS = {
    "fields": _query("fields", {"type": "string"}, "Only these, e.g. `id,content,author.username`."),
    "cursor": _query("cursor", {"type": "string"}, "`next_cursor` of the page before."),
    "limit": _query(
        "limit",
        {"type": "integer", "default": PAGE_SIZE, "minimum": 1, "maximum": MAX_PAGE_SIZE},
        "How many; clamped.",
    ),
    "Idempotency-Key": {
        "in": "header",
        "name": "Idempotency-Key",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        "description": "A repeat with the same key within 24 hours gets the first answer and changes nothing.",
    },
}
PROBLEMS = {
    "400": ("BadRequest", "Malformed or invalid; `errors` names the fields."),
    "401": ("NotSignedIn", "Not signed in."),
    "403": ("Forbidden", "Seen, but not allowed."),
    "404": ("NotFound", "Absent or not visible; nobody can tell which."),
    "409": ("Conflict", "Somebody was faster, or the idempotency key was used for something else."),
    "413": ("TooLarge", "Too large to take."),
    "415": ("UnsupportedMediaType", "This content type is not understood here."),
    "429": ("RateLimited", "Too often."),
    "503": ("Paused", "Paused or away for a moment."),
}


class ProblemSerializer(serializers.Serializer[dict[str, Any]]):
    """RFC 9457; `code` is stable and listed in docs/api-errors.md."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]  # a field, not a serializer's own errors
        child=serializers.ListField(child=serializers.CharField())
    )


@cache
def page_of(serializer_class: SerializerClass) -> SerializerClass:
    """The shape of a page of `serializer_class`: `@extend_schema(responses=page_of(PersonSerializer))`."""
    name = serializer_class.__name__.removesuffix("Serializer")
    page: SerializerClass = type(
        f"{name}PageSerializer",
        (serializers.Serializer,),
        {
            "results": serializer_class(many=True),
            "next_cursor": serializers.CharField(allow_null=True),
            "has_more": serializers.BooleanField(),
            "is_page": True,
        },
    )
    return page


class AutoSchema(SpectacularSchema):
    """Adds to each operation what `socialnet.kernel.api.APIView` does for each view."""

    def get_operation_id(self) -> str:
        name = super().get_operation_id()
        return name.removesuffix("_retrieve") + "_list" if self._is_page else name

    def get_description(self) -> str:  # type: ignore[override]  # spectacular's is without arguments, too
        """What the method or the view itself says; what it inherits is about something else."""
        method = getattr(self.view, self.method.lower(), None)
        own = getattr(method, "__doc__", None) or vars(type(self.view)).get("__doc__")
        return inspect.cleandoc(own or "")

    def get_override_parameters(self) -> list[Any]:
        if not self._is_page:
            return super().get_override_parameters()
        filterset = getattr(self.view, "filterset_class", None)
        filters = {*getattr(self.view, "filters", ()), *getattr(filterset, "base_filters", ())}
        described = [OpenApiParameter(name, OpenApiTypes.STR) for name in sorted(filters)]
        return [*described, *super().get_override_parameters()]

    def _get_parameters(self) -> list[dict[str, Any]]:
        return [
            *super()._get_parameters(),
            *(self._shared("parameters", name) for name in self._conventions()),
        ]

    def _conventions(self) -> Iterator[str]:
        if self.method != "DELETE":
            yield "fields"
        if self._is_page:
            yield from ("cursor", "limit")
        if self._takes_key:
            yield "Idempotency-Key"

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        headers = super()._get_response_headers_for_code(status_code, direction)
        return headers | {name: self._shared("headers", name) for name in self._headers_of(status_code)}

    def _headers_of(self, status: str) -> Iterator[str]:
        yield from EVERYWHERE
        if self.method == "GET" and status == "200":
            yield "Link" if self._is_page else "ETag"
        if self._takes_key and status < "300":
            yield "Idempotent-Replay"

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status, body in bodies.items():
            body.setdefault("headers", self._get_response_headers_for_code(status, direction))
        missing = {status for status in PROBLEMS if status not in bodies and self._may_answer(status)}
        return dict(sorted((bodies | {status: self._problem(status) for status in missing}).items()))

    def _may_answer(self, status: str) -> bool:
        match status:
            case "401":
                return self._signed_in_only
            case "404":
                return "{" in self.path
            case "409" | "413" | "415":
                return self.method in ("POST", "PUT", "PATCH")
        return True

    def _problem(self, status: str) -> dict[str, Any]:
        name, description = PROBLEMS[status]
        headers = [*EVERYWHERE, "Retry-After"] if status in ("429", "503") else EVERYWHERE
        body = self.resolve_serializer(ProblemSerializer, "response").ref
        response = {
            "description": description,
            "headers": {header: self._shared("headers", header) for header in headers},
            "content": {PROBLEM: {"schema": body}},
        }
        return self._component("responses", name, response)

    def _shared(self, kind: str, name: str) -> dict[str, Any]:
        return self._component(kind, name, (HEADERS if kind == "headers" else PARAMETERS)[name])

    def _component(self, kind: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        component = ResolvedComponent(name=name, type=kind, schema=schema, object=name)
        self.registry.register_on_missing(component)
        reference: dict[str, Any] = component.ref
        return reference

    @property
    def _is_page(self) -> bool:
        answers = self.get_response_serializers()
        if isinstance(answers, dict):
            answers = answers.get(200)
        return self.method == "GET" and bool(getattr(answers, "is_page", False))

    @property
    def _takes_key(self) -> bool:
        return self.method == "POST" and self._signed_in_only and not self.path.startswith(WITHOUT_KEYS)

    @property
    def _signed_in_only(self) -> bool:
        permissions = self.view.get_permissions()
        if any(isinstance(permission, IsAuthenticatedOrReadOnly) for permission in permissions):
            return self.method != "GET"
        return not all(isinstance(permission, AllowAny) for permission in permissions)


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
