"""OpenAPI: the conventions of the API written once into every operation, so that views describe only their own."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticatedOrReadOnly

from socialnet.kernel.api import WITHOUT_KEYS
from socialnet.kernel.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from socialnet.kernel.rest.exceptions import PROBLEM
from socialnet.kernel.rest.fields import SerializerClass

_HEADER, _QUERY = OpenApiParameter.HEADER, OpenApiParameter.QUERY
_DOCUMENTED = [
    OpenApiParameter(
        "RateLimit-Limit", OpenApiTypes.INT, _HEADER, response=True, description="Requests per window."
    ),
    OpenApiParameter(
        "RateLimit-Remaining", OpenApiTypes.INT, _HEADER, response=True, description="What is left."
    ),
    OpenApiParameter(
        "RateLimit-Reset", OpenApiTypes.INT, _HEADER, response=True, description="Seconds to a new one."
    ),
    OpenApiParameter(
        "X-Request-ID", OpenApiTypes.STR, _HEADER, response=True, description="The id in our logs."
    ),
]
_FIELDS = OpenApiParameter(
    "fields", OpenApiTypes.STR, _QUERY, description="Only these, e.g. `id,content,author.username`."
)
_CURSOR = OpenApiParameter(
    "cursor", OpenApiTypes.STR, _QUERY, description="`next_cursor` of the page before."
)
_LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "default": PAGE_SIZE, "minimum": 1, "maximum": MAX_PAGE_SIZE},
    _QUERY,
    description="How many; clamped.",
)
_LINK = OpenApiParameter(
    "Link", OpenApiTypes.STR, _HEADER, response=["200"], description='The next page, rel="next".'
)
_ETAG = OpenApiParameter(
    "ETag", OpenApiTypes.STR, _HEADER, response=["200"], description="For If-None-Match."
)
_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200},
    _HEADER,
    description="A repeat with the same key within 24 hours gets the first answer and changes nothing.",
)
_PROBLEMS = {
    "400": "Malformed or invalid; `errors` names the fields.",
    "401": "Not signed in.",
    "403": "Seen, but not allowed.",
    "404": "Absent or not visible; nobody can tell which.",
    "409": "Conflict.",
    "429": "Too often; see Retry-After.",
    "503": "Paused or away for a moment; see Retry-After.",
}


class ProblemSerializer(serializers.Serializer[dict[str, Any]]):
    """RFC 9457; `code` is stable and listed in docs/api-errors.md."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


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

    def get_override_parameters(self) -> list[Any]:
        parameters = [*super().get_override_parameters(), *_DOCUMENTED]
        if self.method == "POST" and self._signed_in_only and not self.path.startswith(WITHOUT_KEYS):
            parameters.append(_KEY)
        if self.method != "DELETE":
            parameters.append(_FIELDS)
        if self.method == "GET":
            parameters += [_CURSOR, _LIMIT, _LINK, *self._filters()] if self._is_page else [_ETAG]
        return parameters

    def get_operation_id(self) -> str:
        name = super().get_operation_id()
        return name.removesuffix("_retrieve") + "_list" if self.method == "GET" and self._is_page else name

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status, description in _PROBLEMS.items():
            if status not in bodies and self._may_answer(status):
                body = self._get_response_for_code(ProblemSerializer, status, [PROBLEM], direction)
                bodies[status] = {**body, "description": description}
        return dict(sorted(bodies.items()))

    def _may_answer(self, status: str) -> bool:
        if status == "401":
            return self._signed_in_only
        if status == "404":
            return "{" in self.path
        return status != "409" or self.method != "GET"

    def _filters(self) -> list[OpenApiParameter]:
        names = {*getattr(self.view, "filters", ()), *getattr(self.view.filterset_class, "base_filters", ())}
        return [OpenApiParameter(name, OpenApiTypes.STR, _QUERY) for name in sorted(names)]

    @property
    def _is_page(self) -> bool:
        return bool(getattr(self.get_response_serializers(), "is_page", False))

    @property
    def _signed_in_only(self) -> bool:
        permissions = self.view.get_permissions()
        if any(isinstance(permission, IsAuthenticatedOrReadOnly) for permission in permissions):
            return self.method != "GET"
        return not all(isinstance(permission, AllowAny) for permission in permissions)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
