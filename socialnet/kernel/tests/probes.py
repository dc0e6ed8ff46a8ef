"""Throw-away views on which the conventions are tried, and the addresses they answer to."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from socialnet.kernel import docs, health, metrics, ratelimit, views
from socialnet.kernel.api import APIView, UnknownPath
from socialnet.kernel.errors import Conflict, Forbidden, NotFound
from socialnet.kernel.pagination import Cursor, Page
from socialnet.kernel.schema import page_of

ERRORS = {
    "not-found": NotFound,
    "forbidden": Forbidden,
    "conflict": Conflict,
    "denied": PermissionDenied,
    "database": OperationalError,
    "connection": InterfaceError,
    "mistake": ZeroDivisionError,
}


@dataclass
class Thing:
    id: int
    name: str
    author: dict[str, str]


class AuthorSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    display_name = serializers.CharField()


class ThingSerializer(serializers.Serializer[Thing]):
    id = serializers.CharField()
    name = serializers.CharField(max_length=10)
    author = AuthorSerializer(read_only=True)


ADA = {"username": "ada", "display_name": "Ada"}
THINGS = [Thing(id=number, name=f"thing {number}", author=ADA) for number in range(250, 0, -1)]


class ThingsView(APIView):
    """A list, and what makes another one."""

    permission_classes = [AllowAny]
    serializer_class = ThingSerializer
    made: list[Any] = []

    @extend_schema(responses=page_of(ThingSerializer))
    def get(self, request: Request) -> Response:
        cursor = self.cursor or Cursor(before=10**9)
        older = [thing for thing in THINGS if thing.id < cursor.before]
        if request.query_params.get("cursor") is None and request.headers.get("X-Nothing"):
            older = []
        items, more = older[: self.limit], len(older) > self.limit
        return self.page_response(Page(items, Cursor(before=items[-1].id) if more else None))

    @extend_schema(responses={201: ThingSerializer})
    def post(self, request: Request) -> Response:
        serializer = ThingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        thing = Thing(id=1, author=ADA, name=serializer.validated_data["name"])
        self.made.append(thing)
        return Response(ThingSerializer(thing).data, status=201)


class ThingView(APIView):
    """One, as a hot read: a plain dict."""

    permission_classes = [AllowAny]
    serializer_class = ThingSerializer

    @extend_schema(responses=ThingSerializer)
    def get(self, request: Request, thing_id: int) -> Response:
        if thing_id > 250:
            raise NotFound
        return Response({"id": str(thing_id), "name": "thing", "author": ADA})


class PublicView(APIView):
    permission_classes = [AllowAny]
    public_for = 60

    @extend_schema(responses=ThingSerializer)
    def get(self, request: Request) -> Response:
        return Response({"id": "1", "name": "thing", "author": None})


class MineView(APIView):
    permission_classes = [IsAuthenticated]
    rate_limit = {"POST": "publish"}

    @extend_schema(responses=ThingSerializer)
    def get(self, request: Request) -> Response:
        return Response({"id": str(request.user.pk), "name": request.user.username, "author": None})

    @extend_schema(request=ThingSerializer, responses={201: ThingSerializer})
    def post(self, request: Request) -> Response:
        return Response({"id": "1", "name": "mine", "author": None}, status=201)


class FailingView(APIView):
    permission_classes = [AllowAny]
    schema = None

    def get(self, request: Request, how: str) -> Response:
        raise ERRORS[how]

    post = delete = get


def failing_page(request: HttpRequest, how: str) -> HttpResponse:
    raise ERRORS[how]()


@require_POST
def limited_page(request: HttpRequest) -> HttpResponse:
    ratelimit.check("register", who="somebody")
    return redirect("/probe/page")


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/error.html", {"title": "A page", "status": 200})


api = [
    path("things", ThingsView.as_view()),
    path("things/<id:thing_id>", ThingView.as_view()),
    path("public", PublicView.as_view()),
    path("mine", MineView.as_view()),
    path("failing/<how>", FailingView.as_view()),
    path("schema", docs.SchemaView.as_view(), name="api_schema"),
    path("docs", docs.DocsView.as_view(url_name="api_schema"), name="api_docs"),
]
urlpatterns = [
    path("api/v1", docs.RootView.as_view()),
    path("api/v1/", include(api)),
    re_path(r"^api(?:/.*)?$", UnknownPath.as_view()),
    path("probe/page", page, name="home"),
    path("probe/failing/<how>", csrf_protect(failing_page)),
    path("probe/limited", limited_page),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/circuit-breakers", health.circuit_breakers),
    path("metrics", metrics.metrics),
    path("status", views.status, name="status"),
    path("help/", views.help_index, name="help"),
    path("help/api-errors", views.help_errors, name="help_errors"),
    path("settings/appearance", views.appearance, name="settings_appearance"),
    path(f"media/{views.PICTURES}<str:name>", views.picture),
]
handler400 = "socialnet.kernel.web.bad_request"
handler403 = "socialnet.kernel.web.permission_denied"
handler404 = "socialnet.kernel.web.page_not_found"
handler500 = "socialnet.kernel.web.server_error"
