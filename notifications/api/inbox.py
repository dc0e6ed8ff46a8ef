"""The DRF door: the inbox."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import actions, selectors
from notifications.registry import KINDS
from notifications.serializers import (
    NotificationSerializer,
    ReadInput,
    UnreadCountSerializer,
    UnreadSerializer,
    notification_json,
)
from socialnet.kernel.api import APIView
from socialnet.kernel.errors import Invalid
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of

UNREAD = {"": False, "0": False, "false": False, "1": True, "true": True}
TYPE = OpenApiParameter("type", description="Only these types, with commas between them.")
ONLY_UNREAD = OpenApiParameter("unread", bool, description="Only what you have not read.")


class NotificationsView(APIView):
    serializer_class = NotificationSerializer
    permission_classes = [IsAuthenticated]
    filters = frozenset({"type", "unread"})

    @extend_schema(responses=page_of(NotificationSerializer), parameters=[TYPE, ONLY_UNREAD])
    def get(self, request: Request) -> Response:
        """What you are told, what came last first. Somebody who joins something unread moves it up."""
        page = selectors.inbox_page(
            viewer=request.user, kinds=self.kinds, unread=self.unread, cursor=self.cursor, size=self.limit
        )
        items = [notification_json(item) for item in page.items]
        return self.page_response(Page(items=items, next_cursor=page.next_cursor))

    @property
    def kinds(self) -> list[str]:
        named = ",".join(self.request.query_params.getlist("type"))
        kinds = [kind for kind in named.split(",") if kind]
        if not set(kinds) <= set(KINDS):
            raise Invalid(errors={"type": [_("Choose among: %(types)s.") % {"types": ", ".join(KINDS)}]})
        return kinds

    @property
    def unread(self) -> bool:
        wanted = self.request.query_params.get("unread", "")
        if wanted not in UNREAD:
            raise Invalid(errors={"unread": [_("Say 1 or 0.")]})
        return UNREAD[wanted]


class UnreadCountView(APIView):
    serializer_class = UnreadCountSerializer
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        """How many you have not read: exact, and as a badge shows it."""
        unread = selectors.unread_count(request.user.pk)
        return Response({"unread": unread, "display": selectors.shown_count(unread)})


class ReadView(APIView):
    serializer_class = UnreadSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request=ReadInput, responses=UnreadSerializer)
    def post(self, request: Request) -> Response:
        """Mark as read these, all from one on downwards, or all. What was to be told otherwise is not any more."""
        data = ReadInput(data=request.data)
        data.is_valid(raise_exception=True)
        wanted = data.validated_data
        up_to = wanted.get("up_to")
        if up_to is not None:
            up_to = selectors.place_of(notification_id=up_to, viewer=request.user)
        actions.mark_read(person=request.user, ids=wanted.get("ids"), up_to=up_to)
        return Response({"unread": selectors.unread_count(request.user.pk)})
