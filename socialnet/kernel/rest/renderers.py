"""JSON by orjson, and the browsable API for people who are signed in."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import orjson
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer
from rest_framework.request import Request

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS


def dumps(value: Any, *, indent: bool = False) -> bytes:
    """JSON of what serializers and plain reads return: times in UTC, lazy sentences as text."""
    return orjson.dumps(value, default=_plain, option=_OPTIONS | (orjson.OPT_INDENT_2 if indent else 0))


def _plain(value: Any) -> Any:
    if isinstance(value, Promise | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset: ClassVar[str | None] = None  # type: ignore[misc]

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else dumps(data, indent=bool((renderer_context or {}).get("indent")))


class BrowsableRenderer(BrowsableAPIRenderer):
    """The API as pages. Forms are for raw JSON: what a view answers is not what it takes."""

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        if method not in ("DELETE", "OPTIONS"):
            return None
        return super().get_rendered_html_form(data, view, method, request)

    def get_context(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context(*args, **kwargs), "code_style": ""}  # inline, which the policy forbids

    def get_breadcrumbs(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [(_("API"), "/api/v1"), (request.path.removeprefix("/api/v1/"), request.path)]
