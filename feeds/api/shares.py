"""Passing on what others wrote."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, cards, selectors
from feeds.serializers import (
    AuthorSerializer,
    SharedSerializer,
    author_json,
)
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class ShareView(APIView):
    serializer_class = SharedSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={201: SharedSerializer})
    def post(self, request: Request, post_id: int) -> Response:
        """Pass a post on to your followers."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        self.check_rate("publish")
        share = actions.share_post(post=post, person=request.user)
        return Response(_shared(post_id, request, share_id=str(share.pk)), status=201)

    @extend_schema(responses=SharedSerializer)
    def delete(self, request: Request, post_id: int) -> Response:
        """Take your share back."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        actions.unshare_post(post=post, person=request.user)
        return Response(_shared(post_id, request))


def _shared(post_id: int, request: Request, *, share_id: str | None = None) -> dict[str, Any]:
    item = selectors.get_visible_item(post_id, viewer=request.user).shown
    count = cards.counts_now(item.id)["shares"]
    return {"is_shared": "is_shared" in item.marks, "share_count": count, "share_id": share_id}


class SharesView(APIView):
    serializer_class = AuthorSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(AuthorSerializer))
    def get(self, request: Request, post_id: int) -> Response:
        """Who shared a post, the latest first."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        page = selectors.sharers_of(post=post, viewer=request.user, cursor=self.cursor, size=self.limit)
        people = [author_json(person) for person in page.items]
        return self.page_response(Page(items=people, next_cursor=page.next_cursor))
