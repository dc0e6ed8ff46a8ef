"""Throw-away views that act, to try what a repeated request does; what they did is a row in the audit record."""

import threading
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from socialnet.kernel.api import APIView
from socialnet.kernel.errors import Conflict, RateLimited, WritingPaused
from socialnet.outbox.actions import record
from socialnet.outbox.idempotency import idempotent_form
from socialnet.outbox.models import AuditEntry

started, go_on = threading.Event(), threading.Event()


def done(act: str = "probe.acted") -> int:
    return AuditEntry.objects.filter(act=act).count()


@transaction.atomic
def act(text: str) -> AuditEntry:
    record(act="probe.acted", actor_id=1, target_type="probe", target_id=1, after={"text": text})
    how = {
        "conflict": Conflict,
        "limited": RateLimited,
        "paused": WritingPaused,
        "mistake": ZeroDivisionError,
    }
    if text in how:
        raise how[text]()
    if text == "slow":
        started.set()
        go_on.wait(10)
    return AuditEntry.objects.latest("id")


class ActView(APIView):
    permission_classes = [IsAuthenticated]
    schema = None

    def post(self, request: Request) -> Response:
        entry = act(str(request.data.get("text", "")))
        answer = {"id": str(entry.pk), "text": request.data.get("text"), "at": entry.created_at}
        return Response(answer, status=201, headers={"Location": f"/probe/{entry.pk}"})

    put = post


class UploadView(ActView):
    parser_classes = [MultiPartParser, JSONParser]

    def post(self, request: Request) -> Response:
        size = len(request.data["file"].read())
        act("upload")
        return Response({"size": size}, status=201)


class ScarceView(ActView):
    rate_limit = {"POST": "publish"}


class VisitorView(ActView):
    permission_classes = [AllowAny]


@idempotent_form
def form(request: HttpRequest) -> HttpResponse:
    if not request.POST.get("text"):
        return HttpResponse("please fill in", status=400)
    entry = act(request.POST["text"])
    return redirect(f"/probe/{entry.pk}")


@extend_schema(exclude=True)
def page(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(str(number))


urlpatterns: list[Any] = [
    path("api/v1/acts", ActView.as_view()),
    path("api/v1/other-acts", ActView.as_view()),
    path("api/v1/scarce-acts", ScarceView.as_view()),
    path("api/v1/uploads", UploadView.as_view()),
    path("api/v1/auth/acts", VisitorView.as_view()),
    path("api/v1/visits", VisitorView.as_view()),
    path("form", form),
    path("probe/<int:number>", page, name="home"),
]
