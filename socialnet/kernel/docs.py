"""The doors to the API's description: its root, the schema, and Swagger UI."""

from functools import cache
from typing import Any

from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from socialnet.kernel.api import APIView

HOUR = 3600


class RootView(APIView):
    """Where a program that knows only the address begins."""

    permission_classes = [AllowAny]
    public_for = HOUR

    @extend_schema(
        operation_id="root_retrieve",
        responses={200: {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}}},
    )
    def get(self, request: Request) -> Response:
        names = {"schema": "api_schema", "docs": "api_docs", "errors": "help_errors", "status": "status"}
        return Response({word: request.build_absolute_uri(reverse(name)) for word, name in names.items()})


class SchemaView(APIView, SpectacularAPIView):
    """OpenAPI 3, as YAML or JSON; made once per process, since it is the same for everybody."""

    public_for = HOUR
    schema = None

    def _get_schema_response(self, request: Request) -> Response:
        return Response(_schema())


class DocsView(APIView, SpectacularSwaggerSplitView):
    """Swagger UI without inline scripts, as the content policy wants it."""

    public_for = HOUR
    schema = None


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema
