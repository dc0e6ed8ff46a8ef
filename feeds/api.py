"""The DRF door: posts and feeds."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import PrivateAccount
from accounts.selectors import access_to, get_user_or_404
from feeds import actions, selectors
from feeds.live import snapshots
from feeds.serializers import (
    AuthorSerializer,
    FeedPostSerializer,
    HeadSerializer,
    LiveSerializer,
    NewPostSerializer,
    PostSerializer,
    SharedSerializer,
    author_json,
    post_json,
)
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of

REFRESH = OpenApiParameter("refresh", bool, description="Asks for a fresh feed.")
MODE = OpenApiParameter("mode", enum=["latest"], description="The order; newest first.")


class PostsView(APIView):
    serializer_class = PostSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=NewPostSerializer, responses={201: PostSerializer})
    def post(self, request: Request) -> Response:
        """Publish a post."""
        data = NewPostSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        share_of = given.pop("share_of")
        actions.checked_content(given["content"], with_media=bool(given["media_ids"]))
        quoted = selectors.get_visible_post(share_of, viewer=request.user) if share_of else None
        self.check_rate("publish")  # what cannot be kept does not use it up
        post = actions.publish_post(author=request.user, quoted=quoted, **given)
        item = selectors.get_visible_item(post.pk, viewer=request.user)
        body = post_json(item, signed_in=request.user.is_authenticated)
        return Response(body, status=201, headers={"Location": f"/api/v1/posts/{post.pk}"})


class PostView(APIView):
    serializer_class = PostSerializer

    def get(self, request: Request, post_id: int) -> Response:
        """A post that you may see."""
        item = selectors.get_visible_item(post_id, viewer=request.user)
        return Response(post_json(item, signed_in=request.user.is_authenticated))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, post_id: int) -> Response:
        """Delete a post of yours."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        actions.delete_post(post=post, actor=request.user)
        return Response(status=204)


class ShareView(APIView):
    serializer_class = SharedSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={201: SharedSerializer})
    def post(self, request: Request, post_id: int) -> Response:
        """Pass a post on to your followers."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        self.check_rate("publish")
        actions.share_post(post=post, person=request.user)
        return Response(_shared(post_id, request), status=201)

    @extend_schema(responses=SharedSerializer)
    def delete(self, request: Request, post_id: int) -> Response:
        """Take your share back."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        actions.unshare_post(post=post, person=request.user)
        return Response(_shared(post_id, request))


def _shared(post_id: int, request: Request) -> dict[str, Any]:
    item = selectors.get_visible_item(post_id, viewer=request.user).shown
    return {"is_shared": "is_shared" in item.marks, "share_count": item.counts["shares"]}


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


class FeedView(APIView):
    serializer_class = FeedPostSerializer
    permission_classes = [IsAuthenticated]
    rate_limit = "feed"
    filters = frozenset({"mode", "refresh"})

    @extend_schema(parameters=[MODE, REFRESH], responses=page_of(FeedPostSerializer))
    def get(self, request: Request) -> Response:
        """Your home, newest first."""
        page = selectors.home_page(viewer=request.user, cursor=self.cursor, size=self.limit)
        response = self.page_response(_as_json(page, request))
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


class PersonPostsView(APIView):
    serializer_class = PostSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(PostSerializer))
    def get(self, request: Request, username: str) -> Response:
        """A person's posts that you may see, newest first."""
        person = get_user_or_404(username, viewer=request.user)
        if not access_to(person, request.user).posts:
            raise PrivateAccount
        page = selectors.profile_posts(
            author=person, viewer=request.user, cursor=self.cursor, size=self.limit
        )
        return self.page_response(_as_json(page, request))


class LiveView(APIView):
    serializer_class = LiveSerializer
    permission_classes = [IsAuthenticated]
    filters = frozenset({"topics"})

    @extend_schema(parameters=[OpenApiParameter("topics", str, description="Comma-separated; today: feed.")])
    def get(self, request: Request) -> Response:
        """The snapshots that the socket would send, for polling, and the socket's address."""
        topics = [topic for topic in request.query_params.get("topics", "").split(",") if topic]
        return Response(snapshots(topics, viewer=request.user))


def _as_json(page: Page[Any], request: Request) -> Page[Any]:
    signed_in = request.user.is_authenticated  # asked once: it is a lazy object behind a property
    items = [post_json(item, signed_in=signed_in) for item in page.items]
    return Page(items=items, next_cursor=page.next_cursor)
