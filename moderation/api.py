"""The DRF door: reports, me/reports, me/sanctions."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import SignedInView
from moderation import actions, selectors
from moderation.serializers import (
    AppealSerializer,
    NewReportSerializer,
    ReportSerializer,
    SanctionSerializer,
)
from socialnet.kernel.schema import page_of


class ReportsView(SignedInView):
    serializer_class = ReportSerializer
    rate_limit: ClassVar[dict[str, str]] = {"POST": "report"}

    @extend_schema(request=NewReportSerializer, responses={201: ReportSerializer})
    def post(self, request: Request) -> Response:
        """Tell moderators what is wrong with a post, a comment or a person; again changes nothing while it is open."""
        asked = self.parsed(NewReportSerializer)
        report = actions.report_target(
            kind=asked["target_type"],
            ident=asked["target_id"],
            reporter=request.user,
            reason=asked["reason"],
            details=asked["details"],
            to_site=asked["to_site"],
        )
        return Response(self.shaped(ReportSerializer, report), status=status.HTTP_201_CREATED)


class MyReportsView(SignedInView):
    serializer_class = ReportSerializer

    @extend_schema(responses=page_of(ReportSerializer))
    def get(self, request: Request) -> Response:
        """What you reported, newest first, and what became of it."""
        page = selectors.reports_by(person=request.user, cursor=self.cursor, size=self.limit)
        return self.page_response(page, ReportSerializer)


class MySanctionsView(SignedInView):
    serializer_class = SanctionSerializer

    @extend_schema(responses=page_of(SanctionSerializer))
    def get(self, request: Request) -> Response:
        """What moderators decided about you, newest first."""
        page = selectors.sanctions_of(person=request.user, cursor=self.cursor, size=self.limit)
        return self.page_response(page, SanctionSerializer)


class AppealView(SignedInView):
    serializer_class = SanctionSerializer

    @extend_schema(request=AppealSerializer, responses={201: SanctionSerializer})
    def post(self, request: Request, sanction_id: int) -> Response:
        """Ask moderators to look again, once. Who cannot sign in appeals by the address in their letter."""
        words = self.parsed(AppealSerializer)["appeal"]
        sanction = actions.appeal_sanction(sanction_id=sanction_id, person=request.user, words=words)
        return Response(self.shaped(SanctionSerializer, sanction), status=status.HTTP_201_CREATED)
