"""What is said in groups."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import selectors
from feeds.api.pages import as_json
from feeds.serializers import PostSerializer
from groups.selectors import get_visible_group
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class GroupPostsView(APIView):
    serializer_class = PostSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(PostSerializer))
    def get(self, request: Request, slug: str) -> Response:
        """The posts of a group: what is pinned, then the newest."""
        seen = get_visible_group(slug, viewer=request.user)
        page = selectors.group_posts(seen=seen, viewer=request.user, cursor=self.cursor, size=self.limit)
        whole = Page(items=[*page.pinned, *page.items], next_cursor=page.next_cursor)
        return self.page_response(as_json(whole, request))
