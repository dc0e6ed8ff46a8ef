"""The DRF door: comments, and what can be done with them."""

from functools import cached_property

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import PrivateAccount
from accounts.selectors import access_to, get_user_or_404
from feeds.selectors import get_visible_item
from interactions import actions, filtering, selectors
from interactions.serializers import (
    CommentEditSerializer,
    CommentLikedSerializer,
    CommentSerializer,
    ConversationMutedSerializer,
    HiddenSerializer,
    NewCommentSerializer,
    comment_json,
)
from interactions.threads import CommentItem
from socialnet.kernel.api import APIView
from socialnet.kernel.errors import Invalid
from socialnet.kernel.pagination import Onward, Page
from socialnet.kernel.schema import page_of


class CommentsView(APIView):
    serializer_class = CommentSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]
    filters = frozenset({"sort"})

    @extend_schema(
        responses=page_of(CommentSerializer),
        parameters=[OpenApiParameter("sort", enum=selectors.SORTS, default=selectors.HOT)],
    )
    def get(self, request: Request, post_id: int) -> Response:
        """What is said under a post: the top level, with the first replies inside.

        `hot` and `top` stay as they were at their first page, for 15 minutes, and end after 500; `new` and `old` have
        all.
        """
        page = selectors.comments_of(
            post_id=self.original_id, viewer=request.user, sort=self.sort, cursor=self.cursor, size=self.limit
        )
        return self.page_response(_as_json(filtering.sifted(page, viewer=request.user)[0]))

    @property
    def sort(self) -> str:
        wanted = self.request.query_params.get("sort", selectors.HOT)
        if wanted not in selectors.SORTS:
            raise Invalid(
                errors={"sort": [_("Choose one of: %(sorts)s.") % {"sorts": ", ".join(selectors.SORTS)}]}
            )
        return str(wanted)

    @cached_property
    def original_id(self) -> int:
        """The post that is talked about: of a share, what it shares."""
        return get_visible_item(self.kwargs["post_id"], viewer=self.request.user).shown.id

    @property
    def cursor(self) -> Onward | None:  # type: ignore[override]  # of one order of one thread
        text = self.request.query_params.get("cursor")
        return selectors.thread_cursor(text, post_id=self.original_id, sort=self.sort) if text else None

    @extend_schema(request=NewCommentSerializer, responses={201: CommentSerializer})
    def post(self, request: Request, post_id: int) -> Response:
        """Comment on a post, or answer a comment of it."""
        data = NewCommentSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        actions.checked_comment(data.validated_data["content"])
        get_visible_item(post_id, viewer=request.user)
        self.check_rate("comment")  # what cannot be kept does not use it up
        comment = actions.comment_on_post(post_id=post_id, author=request.user, **data.validated_data)
        item = selectors.get_comment_item(comment.pk, viewer=request.user)
        location = f"/api/v1/comments/{comment.pk}"
        return Response(comment_json(item), status=201, headers={"Location": location})


class CommentView(APIView):
    serializer_class = CommentSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]

    def get(self, request: Request, comment_id: int) -> Response:
        """A comment under a post that you may see, with its first replies."""
        item = selectors.get_comment_item(comment_id, viewer=request.user)
        filtering.sift([item], viewer=request.user, asked_for=[comment_id])
        return Response(comment_json(item))

    @extend_schema(request=CommentEditSerializer, responses=CommentSerializer)
    def patch(self, request: Request, comment_id: int) -> Response:
        """Change a comment of yours. Nobody is told again, but who is mentioned for the first time."""
        selectors.get_visible_comment(comment_id, viewer=request.user)
        data = CommentEditSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        actions.edit_comment(comment_id=comment_id, actor=request.user, **data.validated_data)
        return Response(comment_json(selectors.get_comment_item(comment_id, viewer=request.user)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, comment_id: int) -> Response:
        """Delete a comment of yours; while others answer it, a tombstone stays."""
        actions.delete_comment(comment_id=comment_id, actor=request.user)
        return Response(status=204)


class RepliesView(APIView):
    serializer_class = CommentSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(CommentSerializer))
    def get(self, request: Request, comment_id: int) -> Response:
        """What answers a comment, the oldest first, each with its own first replies."""
        page = selectors.replies_of(
            comment_id=comment_id, viewer=request.user, cursor=self.cursor, size=self.limit
        )
        return self.page_response(_as_json(filtering.sifted(page, viewer=request.user)[0]))


class HiddenView(APIView):
    serializer_class = HiddenSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None)
    def put(self, request: Request, comment_id: int) -> Response:
        """Fold a comment away under a post of yours."""
        actions.hide_comment(comment_id=comment_id, actor=request.user)
        return Response({"is_hidden": True})

    @extend_schema(responses=HiddenSerializer)
    def delete(self, request: Request, comment_id: int) -> Response:
        """Show it as any other again."""
        actions.unhide_comment(comment_id=comment_id, actor=request.user)
        return Response({"is_hidden": False})


class CommentLikeView(APIView):
    serializer_class = CommentLikedSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None)
    def put(self, request: Request, comment_id: int) -> Response:
        """Like a comment."""
        likes = actions.like_comment(comment_id=comment_id, person=request.user)
        return Response({"is_liked": True, "like_count": likes})

    @extend_schema(responses=CommentLikedSerializer)
    def delete(self, request: Request, comment_id: int) -> Response:
        """Take your like back."""
        likes = actions.unlike_comment(comment_id=comment_id, person=request.user)
        return Response({"is_liked": False, "like_count": likes})


class ConversationMuteView(APIView):
    serializer_class = ConversationMutedSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None)
    def put(self, request: Request, post_id: int) -> Response:
        """Hear no more of what is said under a post."""
        actions.mute_conversation(post_id=post_id, person=request.user)
        return Response({"is_muted": True})

    @extend_schema(responses=ConversationMutedSerializer)
    def delete(self, request: Request, post_id: int) -> Response:
        """Hear of it again."""
        actions.unmute_conversation(post_id=post_id, person=request.user)
        return Response({"is_muted": False})


class PersonCommentsView(APIView):
    serializer_class = CommentSerializer
    permission_classes = [AllowAny]

    @extend_schema(responses=page_of(CommentSerializer))
    def get(self, request: Request, username: str) -> Response:
        """What a person commented under posts that you may see, the newest first, without replies."""
        person = get_user_or_404(username, viewer=request.user)
        if not access_to(person, request.user).posts:
            raise PrivateAccount
        page = selectors.comments_by(author=person, viewer=request.user, cursor=self.cursor, size=self.limit)
        said = Page(items=[one.item for one in page.items], next_cursor=page.next_cursor)
        return self.page_response(_as_json(said))


def _as_json(page: Page[CommentItem]) -> Page[dict[str, object]]:
    return Page(items=[comment_json(item) for item in page.items], next_cursor=page.next_cursor)
