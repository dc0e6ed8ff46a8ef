"""Home, and its live side."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import selectors, top
from feeds.api.pages import as_json
from feeds.filter_shapes import FilteredPostSerializer
from feeds.live import polled
from feeds.selectors import HomePage
from feeds.serializers import (
    HeadSerializer,
    LiveSerializer,
)
from feeds.top import LATEST, TOP, TopPage
from socialnet.kernel.api import APIView
from socialnet.kernel.errors import Invalid
from socialnet.kernel.pagination import Onward
from socialnet.kernel.schema import page_of

REFRESH = OpenApiParameter("refresh", bool, description="Latest past the cache; at most every 5 seconds.")
MODE = OpenApiParameter("mode", enum=[LATEST, TOP], description="Newest first, or ranked; see /help/top.")
FEED_MODE = OpenApiParameter(
    "X-Feed-Mode",
    enum=[LATEST, TOP],
    location=OpenApiParameter.HEADER,
    response=[200],
    description="The order in fact: `latest` also where ranking rests. Its cursor goes on under the mode asked for.",
)


class FeedView(APIView):
    serializer_class = FilteredPostSerializer
    permission_classes = [IsAuthenticated]
    rate_limit = "feed"
    filters = frozenset({"mode", "refresh"})

    @extend_schema(parameters=[MODE, REFRESH, FEED_MODE], responses=page_of(FilteredPostSerializer))
    def get(self, request: Request) -> Response:
        """Your home, newest first; ranked if you ask for it."""
        page = self._top() if self.mode == TOP else self._latest()
        response = self.page_response(as_json(page, request))
        response["X-Feed-Tier"], response["X-Cache"] = str(page.tier), page.cache
        response["X-Feed-Mode"] = page.mode
        return response

    @property
    def mode(self) -> str:
        mode = self.request.query_params.get("mode", LATEST)
        if mode not in (LATEST, TOP):
            raise Invalid(errors={"mode": [_("There is latest, and there is top.")]})
        return mode

    @property
    def cursor(self) -> Onward | None:  # type: ignore[override]  # of the mode; neither takes the other's
        if self.mode == TOP:
            return top.cursor_in(self.request.query_params.get("cursor"), viewer=self.request.user)
        return super().cursor

    def _latest(self) -> HomePage:
        return selectors.home_page(
            viewer=self.request.user,
            cursor=self.cursor,
            size=self.limit,
            refresh=self.request.query_params.get("refresh", "") in ("1", "true"),
        )

    def _top(self) -> TopPage:
        return top.top_page(viewer=self.request.user, cursor=self.cursor, size=self.limit)


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

    @extend_schema(
        parameters=[
            OpenApiParameter("topics", str, description="Comma-separated: feed, post:ID, group:SLUG.")
        ]
    )
    def get(self, request: Request) -> Response:
        """The snapshots that the socket would send, for polling, and the socket's address."""
        topics = [topic for topic in request.query_params.get("topics", "").split(",") if topic]
        return Response(polled(topics, viewer=request.user))
