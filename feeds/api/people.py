"""What a person wrote."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import PrivateAccount
from accounts.models import User
from accounts.selectors import access_to, get_user_or_404
from feeds import selectors
from feeds.api.pages import as_json
from feeds.serializers import (
    PostSerializer,
)
from socialnet.kernel.api import APIView
from socialnet.kernel.schema import page_of


class PersonPostsView(APIView):
    serializer_class = PostSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(PostSerializer))
    def get(self, request: Request, username: str) -> Response:
        """A person's posts that you may see, newest first; what is pinned is where its time puts it."""
        page = selectors.profile_posts(
            author=_readable(username, request),
            viewer=request.user,
            cursor=self.cursor,
            size=self.limit,
            with_pinned=True,
        )
        return self.page_response(as_json(page, request))


class PersonMediaView(APIView):
    serializer_class = PostSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(PostSerializer))
    def get(self, request: Request, username: str) -> Response:
        """A person's posts with pictures that you may see, newest first."""
        page = selectors.profile_media(
            author=_readable(username, request), viewer=request.user, cursor=self.cursor, size=self.limit
        )
        return self.page_response(as_json(page, request))


def _readable(username: str, request: Request) -> User:
    """The person, if who asks may see posts of theirs at all; raises `NotFound` or `PrivateAccount`."""
    person = get_user_or_404(username, viewer=request.user)
    if not access_to(person, request.user).posts:
        raise PrivateAccount
    return person
