"""notifications/preferences: what one wishes to be told, and how."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import SignedInView
from notifications import actions, preferences
from notifications.preferences import Wishes
from notifications.wish_shapes import WishesInput, WishesSerializer, document


class PreferencesView(SignedInView):
    serializer_class = WishesSerializer

    def answer(self, wishes: Wishes) -> Response:
        return Response(self.shaped(WishesSerializer, document(wishes)))

    @extend_schema(responses=WishesSerializer)
    def get(self, request: Request) -> Response:
        return self.answer(preferences.of_person(request.user.pk))

    @extend_schema(request=WishesInput, responses=WishesSerializer)
    def put(self, request: Request) -> Response:
        chosen = self.parsed(WishesInput)
        kinds = chosen.pop("kinds", {})
        return self.answer(actions.save_wishes(person=request.user, settings=chosen, kinds=kinds))

    @extend_schema(request=None, responses=WishesSerializer, description="Back to the defaults.")
    def delete(self, request: Request) -> Response:
        return self.answer(actions.forget_wishes(person=request.user))
