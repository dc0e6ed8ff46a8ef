"""What you do not want to read, and what your days looked like."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, insights, selectors
from feeds.filter_preview import preview_of
from feeds.filter_shapes import (
    FilterPreviewSerializer,
    FilterSerializer,
    InsightsQuery,
    InsightsSerializer,
    NewFilterSerializer,
    filter_json,
    insights_json,
    preview_json,
)
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class FiltersView(APIView):
    serializer_class = FilterSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=page_of(FilterSerializer))
    def get(self, request: Request) -> Response:
        """Your filters, the newest first, also those that have ended."""
        page = selectors.filters_of(person=request.user, cursor=self.cursor, size=self.limit)
        rows = [filter_json(row) for row in page.items]
        return self.page_response(Page(items=rows, next_cursor=page.next_cursor))

    @extend_schema(request=NewFilterSerializer, responses={201: FilterSerializer})
    def post(self, request: Request) -> Response:
        """Keep words away from you; nobody else learns of it. At most 500."""
        data = NewFilterSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        given = dict(data.validated_data)
        made = actions.add_filter(person=request.user, places=given.pop("where"), **given)
        return Response(filter_json(made), status=201, headers={"Location": f"/api/v1/filters/{made.pk}"})


class FilterView(APIView):
    serializer_class = FilterSerializer
    permission_classes = [IsAuthenticated]

    def get(self, request: Request, filter_id: int) -> Response:
        """A filter of yours."""
        return Response(filter_json(selectors.filter_for(request.user, filter_id)))

    @extend_schema(request=NewFilterSerializer, responses=FilterSerializer)
    def patch(self, request: Request, filter_id: int) -> Response:
        """Change a filter of yours; what is left out stays."""
        row = selectors.filter_for(request.user, filter_id)
        data = NewFilterSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        now = {
            "phrase": row.phrase,
            "whole_word": row.whole_word,
            "action": row.action,
            "where": row.places,
            "expires_at": row.expires_at,
        }
        given = {**now, **data.validated_data}
        changed = actions.change_filter(
            person=request.user, filter_id=filter_id, places=given.pop("where"), **given
        )
        return Response(filter_json(changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, filter_id: int) -> Response:
        """Delete a filter of yours."""
        actions.delete_filter(person=request.user, filter_id=filter_id)
        return Response(status=204)


class FilterPreviewView(APIView):
    serializer_class = FilterPreviewSerializer
    permission_classes = [IsAuthenticated]
    rate_limit = "search"
    filters = frozenset({"phrase", "whole_word"})

    @extend_schema(
        parameters=[
            OpenApiParameter("phrase", str, required=True),
            OpenApiParameter("whole_word", bool, default=True),
        ]
    )
    def get(self, request: Request) -> Response:
        """What a filter would keep away of the newest 200 posts of your home."""
        asked = request.query_params
        data = NewFilterSerializer(
            data={name: asked[name] for name in ("phrase", "whole_word") if name in asked}
        )
        data.is_valid(raise_exception=True)
        phrase = actions.checked_phrase(data.validated_data["phrase"])
        preview = preview_of(person=request.user, phrase=phrase, whole_word=data.validated_data["whole_word"])
        return Response(preview_json(preview))


class InsightsView(APIView):
    serializer_class = InsightsSerializer
    permission_classes = [IsAuthenticated]
    filters = frozenset({"days"})

    @extend_schema(parameters=[OpenApiParameter("days", enum=insights.SPANS, default=28)])
    def get(self, request: Request) -> Response:
        """What your last days looked like, for yourself alone."""
        data = InsightsQuery(data=request.query_params.dict())
        data.is_valid(raise_exception=True)
        return Response(insights_json(insights.of_person(request.user, days=data.validated_data["days"])))
