"""Home, and its live side."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import selectors
from feeds.api.pages import as_json
from feeds.live import snapshots
from feeds.serializers import (
    FeedPostSerializer,
    HeadSerializer,
    LiveSerializer,
)
from socialnet.kernel.api import APIView
from socialnet.kernel.schema import page_of

REFRESH = OpenApiParameter("refresh", bool, description="Asks past the cache; at most every 5 seconds.")
MODE = OpenApiParameter("mode", enum=["latest"], description="The order; newest first.")


class FeedView(APIView):
    serializer_class = FeedPostSerializer
    permission_classes = [IsAuthenticated]
    rate_limit = "feed"
    filters = frozenset({"mode", "refresh"})

    @extend_schema(parameters=[MODE, REFRESH], responses=page_of(FeedPostSerializer))
    def get(self, request: Request) -> Response:
        """Your home, newest first."""
        page = selectors.home_page(
            viewer=request.user,
            cursor=self.cursor,
            size=self.limit,
            refresh=request.query_params.get("refresh", "") in ("1", "true"),
        )
        response = self.page_response(as_json(page, request))
        response["X-Feed-Tier"], response["X-Cache"] = str(page.tier), page.cache
        return response


class FeedHeadView(APIView):
    serializer_class = HeadSerializer
    permission_classes = [IsAuthenticated]
    rate_limit = "feed"

    def get(self, request: Request) -> Response:
        """The newest ids of your home, for a "new posts" note."""
        ids = [str(post_id) for post_id in selectors.head_of(viewer=request.user)]
        return Response({"ids": ids, "newest_id": ids[0] if ids else None})


class LiveView(APIView):
    serializer_class = LiveSerializer
    permission_classes = [IsAuthenticated]
    filters = frozenset({"topics"})

    @extend_schema(parameters=[OpenApiParameter("topics", str, description="Comma-separated; today: feed.")])
    def get(self, request: Request) -> Response:
        """The snapshots that the socket would send, for polling, and the socket's address."""
        topics = [topic for topic in request.query_params.get("topics", "").split(",") if topic]
        return Response(snapshots(topics, viewer=request.user))
