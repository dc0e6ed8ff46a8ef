"""Single posts that you do not want to see."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, selectors
from feeds.serializers import HiddenPostSerializer, PostSerializer, post_json
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class HiddenView(APIView):
    serializer_class = HiddenPostSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None)
    def put(self, request: Request, post_id: int) -> Response:
        """Keep a post off the lists that you read, of a share what it shares. Nobody else learns of it."""
        actions.hide_from_oneself(post_id=post_id, person=request.user)
        return Response({"is_hidden": True})

    @extend_schema(responses=HiddenPostSerializer)
    def delete(self, request: Request, post_id: int) -> Response:
        """Let it come back."""
        actions.show_to_oneself(post_id=post_id, person=request.user)
        return Response({"is_hidden": False})


class HiddenPostsView(APIView):
    serializer_class = PostSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=page_of(PostSerializer))
    def get(self, request: Request) -> Response:
        """What you hid from yourself and may see now, what you hid last first."""
        page = selectors.hidden_of(viewer=request.user, cursor=self.cursor, size=self.limit)
        items = [post_json(item, signed_in=True) for item in page.items]
        return self.page_response(Page(items=items, next_cursor=page.next_cursor))
