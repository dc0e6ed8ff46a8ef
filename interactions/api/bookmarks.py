"""The DRF door: bookmarks."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds.serializers import PostSerializer, post_json
from interactions import actions, selectors
from interactions.serializers import BookmarkedSerializer
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class BookmarkView(APIView):
    serializer_class = BookmarkedSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None)
    def put(self, request: Request, post_id: int) -> Response:
        """Keep a post; of a share, what it shares."""
        actions.bookmark_post(post_id=post_id, person=request.user)
        return Response({"is_bookmarked": True})

    @extend_schema(responses=BookmarkedSerializer)
    def delete(self, request: Request, post_id: int) -> Response:
        """Let go of it."""
        actions.unbookmark_post(post_id=post_id, person=request.user)
        return Response({"is_bookmarked": False})


class BookmarksView(APIView):
    serializer_class = PostSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=page_of(PostSerializer))
    def get(self, request: Request) -> Response:
        """What you kept and may see now, what you kept last first."""
        page = selectors.bookmarks_of(viewer=request.user, cursor=self.cursor, size=self.limit)
        items = [post_json(item, signed_in=True) for item in page.items]
        return self.page_response(Page(items=items, next_cursor=page.next_cursor))
