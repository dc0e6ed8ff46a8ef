"""The DRF door: Explore."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from discovery import selectors
from feeds.api.pages import as_json
from feeds.serializers import FeedPostSerializer
from socialnet.kernel.api import APIView
from socialnet.kernel.schema import page_of
from socialnet.kernel.snapshots import Place


class ExploreView(APIView):
    serializer_class = FeedPostSerializer
    permission_classes = [AllowAny]
    rate_limit = "feed"

    @property
    def cursor(self) -> Place | None:  # type: ignore[override]  # a snapshot's
        return selectors.explore_cursor(self.request.query_params.get("cursor"), viewer=self.request.user)

    @extend_schema(responses=page_of(FeedPostSerializer))
    def get(self, request: Request) -> Response:
        """Posts of people you do not follow yet, each with a reason; visitors get what is the same for everybody.

        What you were shown does not come again for a while. The list is kept for 15 minutes while you page through it.
        """
        page = selectors.explore_page(viewer=request.user, cursor=self.cursor, size=self.limit)
        return self.page_response(as_json(page, request))


class RecommendedPostsView(ExploreView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=page_of(FeedPostSerializer))
    def get(self, request: Request) -> Response:
        """Posts recommended to you, each with a reason: the same as `feed/explore`."""
        return super().get(request)
