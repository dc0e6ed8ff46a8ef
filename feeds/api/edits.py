"""What a post said before, and whether it stands first on its author's profile."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, selectors
from feeds.serializers import PinInput, PinSerializer, VersionSerializer, version_json
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class HistoryView(APIView):
    serializer_class = VersionSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(VersionSerializer))
    def get(self, request: Request, post_id: int) -> Response:
        """What a post said, the newest first, each with what changed against the version before."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        page = selectors.history_of(post=post, cursor=self.cursor, size=self.limit)
        versions = [version_json(version) for version in page.items]
        return self.page_response(Page(items=versions, next_cursor=page.next_cursor))


class PinView(APIView):
    serializer_class = PinSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=PinInput, responses=PinSerializer)
    def put(self, request: Request, post_id: int) -> Response:
        """Pin a post of yours to your profile, or move it there; in a group that you moderate, any to the group."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        if post.group_id is not None:
            actions.pin_in_group(post=post, actor=request.user)
            return Response({"pinned": True, "position": None})
        data = PinInput(data=request.data)
        data.is_valid(raise_exception=True)
        place = actions.pin_post(post=post, actor=request.user, position=data.validated_data["position"])
        return Response({"pinned": True, "position": place})

    @extend_schema(request=None, responses=PinSerializer)
    def delete(self, request: Request, post_id: int) -> Response:
        """Unpin a post of yours."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        unpin = actions.unpin_post if post.group_id is None else actions.unpin_in_group
        unpin(post=post, actor=request.user)
        return Response({"pinned": False, "position": None})
