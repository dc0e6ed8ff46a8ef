"""The DRF door: likes."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.cards import AuthorCard
from feeds.selectors import get_visible_item
from feeds.serializers import AuthorSerializer, PostSerializer, author_json, post_json
from interactions import actions, selectors
from interactions.serializers import LikedSerializer
from socialnet.kernel.api import APIView
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class LikeView(APIView):
    serializer_class = LikedSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None)
    def put(self, request: Request, post_id: int) -> Response:
        """Like a post; of a share, what it shares."""
        count = actions.like_post(post_id=post_id, person=request.user)
        return Response({"is_liked": True, "like_count": count})

    @extend_schema(responses={200: LikedSerializer})
    def delete(self, request: Request, post_id: int) -> Response:
        """Take it back."""
        count = actions.unlike_post(post_id=post_id, person=request.user)
        return Response({"is_liked": False, "like_count": count})


class LikersView(APIView):
    serializer_class = AuthorSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(AuthorSerializer))
    def get(self, request: Request, post_id: int) -> Response:
        """Who likes a post, the latest first. Some whom the count has may be hidden from you."""
        item = get_visible_item(post_id, viewer=request.user)
        page = selectors.likers_of(item=item, viewer=request.user, cursor=self.cursor, size=self.limit)
        people = [author_json(AuthorCard.of(row.user)) for row in page.items]
        return self.page_response(Page(items=people, next_cursor=page.next_cursor))


class LikesView(APIView):
    serializer_class = PostSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=page_of(PostSerializer))
    def get(self, request: Request) -> Response:
        """What you like and may see now, what you liked last first."""
        page = selectors.likes_of(viewer=request.user, cursor=self.cursor, size=self.limit)
        items = [post_json(item, signed_in=True) for item in page.items]
        return self.page_response(Page(items=items, next_cursor=page.next_cursor))
