"""The DRF door: what trends."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from discovery import selectors
from discovery.serializers import (
    TrendingHashtagSerializer,
    TrendingPostSerializer,
    TrendingUserSerializer,
    as_of,
    trending_post_json,
    trending_tag_json,
    trending_user_json,
    trends_of,
)
from discovery.trends.reading import Trends
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page


class _TrendsView(APIView):
    permission_classes = [AllowAny]
    public_for = 60

    def told(self, found: Trends, results: Sequence[dict[str, Any]]) -> Response:
        """All there is: a list of trends is short, and has no second page."""
        response = self.page_response(Page(items=results))
        response.data = {**response.data, "as_of": as_of(found)}
        return response


class TrendingHashtagsView(_TrendsView):
    serializer_class = TrendingHashtagSerializer

    @extend_schema(responses=trends_of(TrendingHashtagSerializer))
    def get(self, request: Request) -> Response:
        """The tags that more people use than usual, the best first; `as_of` says when that was found."""
        found = selectors.trending_tags(most=self.limit)
        return self.told(found, [trending_tag_json(entry) for entry in found.entries])


class TrendingPostsView(_TrendsView):
    serializer_class = TrendingPostSerializer

    @extend_schema(responses=trends_of(TrendingPostSerializer))
    def get(self, request: Request) -> Response:
        """The posts with which many people do something now, as far as you may see them."""
        signed_in = request.user.is_authenticated
        found, shown = selectors.trending_posts(viewer=request.user, most=self.limit)
        return self.told(
            found, [trending_post_json(entry, item, signed_in=signed_in) for entry, item in shown]
        )


class TrendingUsersView(_TrendsView):
    serializer_class = TrendingUserSerializer

    @extend_schema(responses=trends_of(TrendingUserSerializer))
    def get(self, request: Request) -> Response:
        """The people whom many came to follow or answered in the last week."""
        found, shown = selectors.trending_people(viewer=request.user, most=self.limit)
        return self.told(found, [trending_user_json(entry, card) for entry, card in shown])
