"""What every API view inherits: the conventions of the API, so that a view is only its own few lines."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rest_framework import views
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from socialnet.kernel import ratelimit
from socialnet.kernel.errors import (
    DomainError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    UnknownFilter,
)
from socialnet.kernel.pagination import MAX_PAGE_SIZE, PAGE_SIZE, Cursor, Page
from socialnet.kernel.ratelimit import Allowance
from socialnet.kernel.rest import fields
from socialnet.kernel.rest.conditional import conditional
from socialnet.kernel.rest.exceptions import SAFE
from socialnet.kernel.rest.fields import SerializerClass
from socialnet.kernel.rest.renderers import BrowsableRenderer, JSONRenderer

LIST_PARAMETERS = {"cursor", "limit", "fields"}
WITHOUT_KEYS = "/api/v1/auth/"


class APIView(views.APIView):
    """Errors, lists, sparse fields, rate limits, caching and idempotency keys as `docs/api.md` promises them.

    `serializer_class` is the shape of what the view answers; hot reads may return plain dicts of that shape.
    """

    serializer_class: SerializerClass | None = None
    rate_limit: ClassVar[
        str | Mapping[str, str]
    ] = {}  # a rule's name, or one per method; else read and write
    filters: ClassVar[frozenset[str]] = frozenset()  # query parameters of a list beside cursor, limit, fields
    filterset_class: ClassVar[Any] = None  # a django-filter FilterSet; see `filtered`
    public_for: ClassVar[int] = 0  # seconds that an answer to a visitor may be kept by anybody

    allowance: Allowance | None = None
    _sparse: fields.Tree = {}

    response: HttpResponseBase  # type: ignore[assignment]  # not every answer is a Response

    # --- one request ------------------------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(self.request, *args, **kwargs)
            response: HttpResponseBase = self.act()
            if isinstance(response, Response):
                self._make_sparse(response)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        try:
            self.perform_authentication(request)
        except Exception:
            self.check_rate(self.rule_name, who=ratelimit.address_of(request._request))
            raise
        self.check_rate("write" if self.has_idempotency_key else self.rule_name, begins=True)
        self.check_method(request)
        self.check_permissions(request)
        self._sparse = self._asked_fields()

    def act(self) -> HttpResponseBase:
        """The method of the view; once per idempotency key, where one is given.

        To repeat a request is safe and may be necessary: it counts as a write, not against a narrower rule.
        """

        def handler() -> HttpResponseBase:
            if self.has_idempotency_key and self.rule_name != "write":
                self.check_rate(self.rule_name)
            method = getattr(self, str(self.request.method).lower())
            response: HttpResponseBase = method(self.request, *self.args, **self.kwargs)
            return response

        if self.has_idempotency_key:
            once = import_string(settings.API_IDEMPOTENCY)
            return once(self, handler)  # type: ignore[no-any-return]
        return handler()

    @property
    def has_idempotency_key(self) -> bool:
        request = self.request
        takes_one = request.method == "POST" and request.user.is_authenticated
        return (
            takes_one
            and not request.path_info.startswith(WITHOUT_KEYS)
            and "Idempotency-Key" in request.headers
        )

    def check_method(self, request: Request) -> None:
        if (
            str(request.method).lower() not in self.http_method_names
            or request.method not in self.allowed_methods
        ):
            raise MethodNotAllowed

    def perform_authentication(self, request: Request) -> None:
        try:
            request.user  # noqa: B018 (authenticates)
        except DomainError:
            request._not_authenticated()  # type: ignore[attr-defined]
            raise

    def get_renderers(self) -> list[BaseRenderer]:
        """The browsable pages are for people signed in by cookie; others get JSON whatever they accept."""
        request = getattr(self, "request", None)
        renderers = super().get_renderers()
        if (
            request
            and "text/html" in request.headers.get("Accept", "")
            and request._request.user.is_authenticated
        ):
            return renderers
        return [renderer for renderer in renderers if not isinstance(renderer, BrowsableRenderer)]

    # --- rate limits ------------------------------------------------------------------------------------

    @property
    def rule_name(self) -> str:
        rules, method = self.rate_limit, str(self.request.method)
        default = "read" if method in SAFE else "write"
        return rules if isinstance(rules, str) else rules.get(method, default)

    def check_rate(self, rule_name: str, *, who: object = None, begins: bool = False) -> None:
        """Count one attempt, by default of who asks; the answer's headers tell what is left of the narrowest rule.

        A rule for the address that stands beside this one is counted with it; where a request `begins`, so is what
        counts all writes. Raises `RateLimited`.
        """
        pairs: list[ratelimit.Pair] = [(rule_name, self.subject if who is None else who)]
        if begins and rule_name != "write" and self.request.method not in SAFE:
            pairs.append(("write", self.subject))
        if f"{rule_name}_address" in settings.RATE_LIMITS:
            pairs.append((f"{rule_name}_address", ratelimit.address_of(self.request._request)))
        self.allowance = ratelimit.count_all(*pairs)
        if self.allowance and not self.allowance.passed:
            raise RateLimited(retry_after=self.allowance.reset)

    @property
    def subject(self) -> object:
        """Whom limits count: the person, or the visitor's address."""
        user = self.request.user
        return user.pk if user.is_authenticated else ratelimit.address_of(self.request._request)

    # --- lists ------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> Cursor | None:
        return Cursor.decode(self.request.query_params.get("cursor"))

    @property
    def limit(self) -> int:
        """`?limit=`, clamped; raises `Invalid` for what is no number."""
        text = self.request.query_params.get("limit", "")
        try:
            return max(1, min(int(text or PAGE_SIZE), MAX_PAGE_SIZE))
        except ValueError as error:
            raise Invalid(errors={"limit": [_("This is not a number.")]}) from error

    def filtered(self, queryset: Any) -> Any:
        """`queryset` narrowed by the view's `filterset_class`; raises `Invalid` for bad values."""
        filterset = self.filterset_class(self.request.query_params, queryset=queryset, request=self.request)
        if not filterset.is_valid():
            raise Invalid(
                errors={name: [str(line) for line in lines] for name, lines in filterset.errors.items()}
            )
        return filterset.qs

    def page_response(self, page: Page[Any], serializer_class: SerializerClass | None = None) -> Response:
        """A page of a list; items that are dicts already go out as they are."""
        self._check_query()
        next_cursor = page.next_cursor.encode() if page.next_cursor else None
        answer = {
            "results": self._results(page, serializer_class or self.serializer_class),
            "next_cursor": next_cursor,
            "has_more": page.has_more,
        }
        response = Response(answer)
        if next_cursor:
            response["Link"] = f'<{self._here(cursor=next_cursor)}>; rel="next"'
        return response

    def _results(self, page: Page[Any], serializer_class: SerializerClass | None) -> Any:
        if serializer_class is None or (page.items and isinstance(page.items[0], Mapping)):
            return page.items
        return serializer_class(page.items, many=True, context={"request": self.request, "view": self}).data

    def _here(self, **parameters: str) -> str:
        query = dict(self.request.query_params.lists()) | parameters
        return f"{self.request.build_absolute_uri(self.request.path)}?{urlencode(query, doseq=True)}"

    def _check_query(self) -> None:
        """Also for lists that are short enough to ignore cursor and limit."""
        self.cursor, self.limit  # noqa: B018 (they raise)
        named = set(getattr(self.filterset_class, "base_filters", ()))
        unknown = set(self.request.query_params) - LIST_PARAMETERS - self.filters - named
        if unknown:
            raise UnknownFilter(
                errors={name: [_("This list has no such filter.")] for name in sorted(unknown)}
            )

    # --- sparse fields ----------------------------------------------------------------------------------

    def _asked_fields(self) -> fields.Tree:
        """Refuses unknown names before anything happens, where the shape of the answer is known."""
        text = self.request.query_params.get("fields")
        if text is None:
            return {}
        tree = fields.parse(text)
        if self.serializer_class and self.request.method not in SAFE:
            fields.check(tree, fields.shape_of(self.serializer_class))
        return tree

    def _make_sparse(self, response: Response) -> None:
        if not self._sparse or response.data is None or response.status_code >= 400:
            return
        is_page = isinstance(response.data, Mapping) and {"results", "has_more"} <= set(response.data)
        data = response.data["results"] if is_page else response.data
        serializer = getattr(data, "serializer", None) or self.serializer_class
        known = fields.shape_of(serializer) if serializer else {}
        strict = self.request.method in SAFE
        if strict and known and not data:
            fields.check(self._sparse, known)
        selected = fields.select(data, self._sparse, strict=strict, known=known)
        response.data = {**response.data, "results": selected} if is_page else selected

    # --- the answer -------------------------------------------------------------------------------------

    def finalize_response(  # type: ignore[override]  # not every answer is a Response
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if getattr(response, "exception", False):
            self._answer_in_json(request)
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.allowance.headers if self.allowance else {}).items():
            response[name] = value
        response.setdefault("Cache-Control", self._cache_control(response))
        patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
        if isinstance(response, Response):
            self._finish(request, response)
        return response

    @staticmethod
    def _answer_in_json(request: Request) -> None:
        """Problems are JSON, also where the view itself answers in YAML or HTML."""
        if not isinstance(getattr(request, "accepted_renderer", None), BrowsableRenderer):
            request.accepted_renderer = JSONRenderer()
            request.accepted_media_type = JSONRenderer.media_type

    def _cache_control(self, response: HttpResponseBase) -> str:
        request = self.request
        public = self.public_for and request.method in SAFE and response.status_code == 200
        if public and not request.user.is_authenticated:
            return f"public, max-age={self.public_for}"
        return "private, no-store"

    def _finish(self, request: Request, response: Response) -> None:
        if isinstance(response.accepted_renderer, BrowsableRenderer):
            response.content_type = None  # the page shows the problem, it is not one
        elif (
            request.method in ("GET", "HEAD") and response.status_code == 200 and not self._is_page(response)
        ):
            response.add_post_render_callback(conditional(request._request))

    @staticmethod
    def _is_page(response: Response) -> bool:
        return isinstance(response.data, Mapping) and "results" in response.data


class UnknownPath(APIView):
    """Whatever stands under /api/ and is nothing: the same 404 as for what is not visible."""

    permission_classes = [AllowAny]
    schema = None

    def check_method(self, request: Request) -> None:
        raise NotFound
