"""Publishing, reading and deleting posts."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, insights, selectors
from feeds.serializers import (
    EditSerializer,
    NewPostSerializer,
    PostSerializer,
    post_json,
)
from groups.actions import check_may_post
from groups.selectors import get_visible_group
from socialnet.kernel.api import APIView


class PostsView(APIView):
    serializer_class = PostSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=NewPostSerializer, responses={201: PostSerializer})
    def post(self, request: Request) -> Response:
        """Publish a post."""
        data = NewPostSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        share_of, slug = given.pop("share_of"), given.pop("group")
        group = get_visible_group(slug, viewer=request.user).group if slug else None
        actions.checked_content(given["content"], with_media=bool(given["media_ids"]))
        quoted = selectors.get_visible_post(share_of, viewer=request.user) if share_of else None
        if group:
            check_may_post(group, request.user)
        self.check_rate("publish")  # what cannot be kept does not use it up
        post = actions.publish_post(author=request.user, quoted=quoted, group=group, **given)
        item = selectors.get_visible_item(post.pk, viewer=request.user)
        body = post_json(item, signed_in=request.user.is_authenticated)
        return Response(body, status=201, headers={"Location": f"/api/v1/posts/{post.pk}"})


class PostView(APIView):
    serializer_class = PostSerializer

    def get(self, request: Request, post_id: int) -> Response:
        """A post that you may see."""
        item = selectors.get_visible_item(post_id, viewer=request.user)
        insights.note_shown([item], viewer_id=request.user.pk)
        return Response(post_json(item, signed_in=request.user.is_authenticated))

    @extend_schema(request=EditSerializer, responses=PostSerializer)
    def patch(self, request: Request, post_id: int) -> Response:
        """Edit a post of yours. Nobody is told again, but who is mentioned for the first time."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        data = EditSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        changes = data.validated_data
        if "version" in changes:
            changes["version"] = actions.version_of(changes["version"])
        actions.edit_post(post=post, actor=request.user, **changes)
        item = selectors.get_visible_item(post_id, viewer=request.user)
        return Response(post_json(item, signed_in=request.user.is_authenticated))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, post_id: int) -> Response:
        """Delete a post of yours."""
        post = selectors.get_visible_post(post_id, viewer=request.user)
        actions.delete_post(post=post, actor=request.user)
        return Response(status=204)
