"""Hashtags."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import selectors
from feeds.api.pages import as_json
from feeds.serializers import HashtagSerializer, PostSerializer
from feeds.text import tag_name, tag_url
from socialnet.kernel.api import APIView
from socialnet.kernel.errors import NotFound
from socialnet.kernel.links import absolute
from socialnet.kernel.schema import page_of


class HashtagView(APIView):
    serializer_class = HashtagSerializer
    permission_classes = [AllowAny]

    def get(self, request: Request, tag: str) -> Response:
        """A tag in any spelling, also one that nobody uses."""
        name = _name_of(tag)
        display = selectors.tag_display(name, viewer=request.user)
        return Response({"name": name, "display": display, "url": absolute(tag_url(name))})


class HashtagPostsView(APIView):
    serializer_class = PostSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(PostSerializer))
    def get(self, request: Request, tag: str) -> Response:
        """The posts with a tag that you may see, newest first."""
        page = selectors.tagged_posts(
            name=_name_of(tag), viewer=request.user, cursor=self.cursor, size=self.limit
        )
        return self.page_response(as_json(page, request))


def _name_of(written: str) -> str:
    name = tag_name(written)
    if not name:
        raise NotFound
    return name
