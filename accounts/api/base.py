"""What all API views of people share."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from accounts import selectors
from accounts.models import User
from accounts.selectors import PersonRow, get_user_or_404
from accounts.serializers import RelationAnswerSerializer, UserSerializer
from socialnet.kernel import api
from socialnet.kernel.pagination import Page

ACCEPTED = OpenApiResponse(description="Accepted; the rest is in the mail.")
DONE = OpenApiResponse(description="Done.")


class APIView(api.APIView):
    """With the few things that all views of people need."""

    def parsed(self, serializer_class: Any) -> dict[str, Any]:
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def shaped(self, serializer_class: Any, instance: Any, **more: Any) -> dict[str, Any]:
        context = {"request": self.request, "view": self}
        return {**serializer_class(instance, context=context, **more).data}

    def person(self, username: str) -> User:
        return get_user_or_404(username, viewer=self.request.user)

    def relation(self, person: User) -> Response:
        relation = selectors.relation_of(self.request.user, person)
        return Response(self.shaped(RelationAnswerSerializer, {"relation": relation}))

    def people_response(self, page: Page[PersonRow]) -> Response:
        profiles = [row.profile for row in page.items]
        return self.page_response(Page(items=profiles, next_cursor=page.next_cursor), UserSerializer)


class SignedInView(APIView):
    permission_classes = [IsAuthenticated]

    @property
    def own_session(self) -> str | None:
        """The key of the session that asks; None where a token does."""
        return self.request._request.session.session_key if self.request.auth is None else None

    @property
    def own_token(self) -> int | None:
        """The id of the token that asks; None where a session does."""
        return self.request.auth["id"] if isinstance(self.request.auth, dict) else None
