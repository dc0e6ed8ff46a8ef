"""The DRF door: groups/{slug}/reports, for the moderators of the group."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import SignedInView
from groups.selectors import get_visible_group
from moderation.in_groups import actions, selectors
from moderation.in_groups.serializers import (
    GroupDecisionAnswerSerializer,
    GroupDecisionSerializer,
    GroupReportDetailSerializer,
    GroupReportSerializer,
)
from socialnet.kernel.schema import page_of


class GroupReportsView(SignedInView):
    serializer_class = GroupReportSerializer

    @extend_schema(responses=page_of(GroupReportSerializer))
    def get(self, request: Request, slug: str) -> Response:
        """What was reported in a group that you moderate and nobody has decided yet, newest first."""
        seen = get_visible_group(slug, viewer=request.user)
        page = selectors.queue_of(seen=seen, viewer=request.user, cursor=self.cursor, size=self.limit)
        return self.page_response(page, GroupReportSerializer)


class GroupReportView(SignedInView):
    serializer_class = GroupReportDetailSerializer

    @extend_schema(responses=GroupReportDetailSerializer)
    def get(self, request: Request, slug: str, case_id: int) -> Response:
        """One report with what helps to decide it."""
        seen = get_visible_group(slug, viewer=request.user)
        waiting = selectors.get_group_case(case_id, seen=seen, viewer=request.user)
        return Response(self.shaped(GroupReportDetailSerializer, (waiting, selectors.beside(waiting.case))))

    @extend_schema(request=GroupDecisionSerializer, responses=GroupDecisionAnswerSerializer)
    def patch(self, request: Request, slug: str, case_id: int) -> Response:
        """Decide, or pass it on to the site's moderators; who reported it learns what came of it."""
        seen = get_visible_group(slug, viewer=request.user)
        selectors.check_moderates(seen)
        asked = self.parsed(GroupDecisionSerializer)
        case = actions.decide_in_group(group=seen.group, case_id=case_id, actor=request.user, **asked)
        answer = {
            "id": case.pk,
            "outcome": case.outcome or None,
            "with_site": not case.is_with_group,
            "closed_at": case.closed_at,
        }
        return Response(self.shaped(GroupDecisionAnswerSerializer, answer))
