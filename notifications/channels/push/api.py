"""The DRF door: browsers that are told."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import devices
from accounts.api.base import DONE, SignedInView
from accounts.cache import copy_of
from notifications.channels.push import actions, selectors
from notifications.channels.push.serializers import (
    EndpointInput,
    PushSubscriptionInput,
    PushSubscriptionSerializer,
)
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class PushSubscriptionsView(SignedInView):
    serializer_class = PushSubscriptionSerializer

    @extend_schema(responses=page_of(PushSubscriptionSerializer))
    def get(self, request: Request) -> Response:
        """Your browsers that are told by Web Push, the latest used first. Their addresses are not shown."""
        return self.page_response(Page(items=list(selectors.browsers_of(request.user))))

    @extend_schema(
        request=PushSubscriptionInput,
        responses={200: PushSubscriptionSerializer, 201: PushSubscriptionSerializer},
    )
    def post(self, request: Request) -> Response:
        """Tell a browser from now on. Its endpoint is what makes it the same; at most 20, the oldest goes."""
        told = self.parsed(PushSubscriptionInput)
        browser, created = actions.subscribe(
            person=request.user,
            endpoint=told["endpoint"],
            label=told["label"] or devices.label(request.headers.get("User-Agent", "")),
            session=_session_of(request),
            **told["keys"],
        )
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.shaped(PushSubscriptionSerializer, browser), status=code)

    @extend_schema(request=EndpointInput, responses={204: DONE})
    def delete(self, request: Request) -> Response:
        """Tell it no more."""
        actions.unsubscribe(person=request.user, endpoint=self.parsed(EndpointInput)["endpoint"])
        return Response(status=status.HTTP_204_NO_CONTENT)


def _session_of(request: Request) -> str:
    """Empty for programs: a token is no browser that can be signed out."""
    key: Any = request._request.session.session_key if request.auth is None else None
    return copy_of(key) if key else ""
