"""What you have not said yet: kept, scheduled, published."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, selectors
from feeds.composing import named_group
from feeds.draft_shapes import (
    DraftChangesSerializer,
    DraftSerializer,
    NewDraftSerializer,
    draft_json,
    fields_of,
)
from feeds.serializers import PostSerializer, post_json
from groups.models import Group
from socialnet.kernel.api import APIView
from socialnet.kernel.errors import Invalid
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of

_SCHEDULED = {"": None, "0": False, "1": True}


class DraftsView(APIView):
    serializer_class = DraftSerializer
    permission_classes = [IsAuthenticated]
    filters = frozenset({"scheduled"})

    @extend_schema(responses=page_of(DraftSerializer))
    def get(self, request: Request) -> Response:
        """Your drafts, newest first; with `scheduled` 1 only those that have a time, with 0 the others."""
        scheduled = request.query_params.get("scheduled", "")
        if scheduled not in _SCHEDULED:
            raise Invalid(errors={"scheduled": [_("This is 0 or 1.")]})
        page = selectors.drafts_of(
            author=request.user, scheduled=_SCHEDULED[scheduled], cursor=self.cursor, size=self.limit
        )
        drafts = [draft_json(draft) for draft in page.items]
        return self.page_response(Page(items=drafts, next_cursor=page.next_cursor))

    @extend_schema(request=NewDraftSerializer, responses={201: DraftSerializer})
    def post(self, request: Request) -> Response:
        """Keep a draft."""
        data = NewDraftSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        given["group"] = _group(given, request)
        draft = actions.save_draft(author=request.user, **given)
        return Response(draft_json(draft), status=201, headers={"Location": f"/api/v1/drafts/{draft.pk}"})


class DraftView(APIView):
    serializer_class = DraftSerializer
    permission_classes = [IsAuthenticated]

    def get(self, request: Request, draft_id: int) -> Response:
        """A draft of yours."""
        return Response(draft_json(selectors.draft_for(request.user, draft_id)))

    @extend_schema(request=DraftChangesSerializer, responses=DraftSerializer)
    def patch(self, request: Request, draft_id: int) -> Response:
        """Change a draft of yours; what is left out stays."""
        draft = selectors.draft_for(request.user, draft_id)
        data = DraftChangesSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        if "group" in given:
            given["group"] = _group(given, request, draft_id)
        changed = {**fields_of(draft), **given}
        return Response(draft_json(actions.save_draft(author=request.user, draft_id=draft_id, **changed)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, draft_id: int) -> Response:
        """Delete a draft of yours."""
        actions.delete_draft(author=request.user, draft_id=draft_id)
        return Response(status=204)


def _group(given: dict[str, Any], request: Request, draft_id: int | None = None) -> Group | None:
    slug = given["group"]
    return named_group(slug, author=request.user, draft_id=draft_id) if slug else None


class DraftPublishView(APIView):
    serializer_class = PostSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={201: PostSerializer})
    def post(self, request: Request, draft_id: int) -> Response:
        """Publish a draft of yours now, whatever its time."""
        actions.check_draft(selectors.draft_for(request.user, draft_id))
        self.check_rate("publish")  # what cannot be published does not use it up
        post = actions.publish_draft(author=request.user, draft_id=draft_id)
        item = selectors.get_visible_item(post.pk, viewer=request.user)
        body = post_json(item, signed_in=request.user.is_authenticated)
        return Response(body, status=201, headers={"Location": f"/api/v1/posts/{post.pk}"})
