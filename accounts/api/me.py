"""me/…: one's own profile, sessions, requests, blocks and mutes."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, selectors
from accounts.api.base import DONE, SignedInView
from accounts.guessing import password_subject
from accounts.models import User
from accounts.selectors import Profile
from accounts.serializers import (
    MeSerializer,
    PasswordInput,
    ProfileInput,
    RelationAnswerSerializer,
    SessionSerializer,
    UserSerializer,
)
from socialnet.kernel import overload
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of


class MeView(SignedInView):
    serializer_class = MeSerializer

    def answer(self) -> Response:
        return Response(self.shaped(MeSerializer, own_profile(self.request.user)))

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return self.answer()

    @extend_schema(request=ProfileInput, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        changes = self.parsed(ProfileInput)
        if "avatar" in changes:
            if changes["avatar"] is not None:
                overload.check()
            self.check_rate("upload")
            changes["without_avatar"] = changes["avatar"] is None
        actions.edit_profile(user=request.user, **changes)
        return self.answer()

    @extend_schema(request=PasswordInput, responses={204: DONE})
    def delete(self, request: Request) -> Response:
        self.check_rate("sign_in", who=password_subject(request.user.pk))
        actions.delete_person(user=request.user, **self.parsed(PasswordInput))
        return Response(status=status.HTTP_204_NO_CONTENT)


def own_profile(person: User) -> Profile:
    return selectors.profile_of(User.objects.select_related("counts").get(pk=person.pk), viewer=person)


class SessionsView(SignedInView):
    serializer_class = SessionSerializer

    @extend_schema(responses=page_of(SessionSerializer))
    def get(self, request: Request) -> Response:
        own = request._request.session.session_key if request.auth is None else None
        return self.page_response(Page(items=selectors.sessions_of(request.user, current=own)))


class OneSessionView(SignedInView):
    @extend_schema(request=None, responses={204: DONE})
    def delete(self, request: Request, session_id: UUID) -> Response:
        actions.revoke_session(user=request.user, public_id=str(session_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class FollowRequestsView(SignedInView):
    serializer_class = UserSerializer

    @extend_schema(responses=page_of(UserSerializer))
    def get(self, request: Request) -> Response:
        page = selectors.follow_requests_of(user=request.user, cursor=self.cursor, size=self.limit)
        return self.people_response(page)


class OneFollowRequestView(SignedInView):
    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def put(self, request: Request, username: str) -> Response:
        follower = self.person(username)
        actions.accept_follow_request(followee=request.user, follower=follower)
        return self.relation(follower)

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def delete(self, request: Request, username: str) -> Response:
        follower = self.person(username)
        actions.refuse_follow_request(followee=request.user, follower=follower)
        return self.relation(follower)


class BlocksView(SignedInView):
    serializer_class = UserSerializer

    @extend_schema(responses=page_of(UserSerializer))
    def get(self, request: Request) -> Response:
        return self.people_response(
            selectors.blocks_of(user=request.user, cursor=self.cursor, size=self.limit)
        )


class MutesView(SignedInView):
    serializer_class = UserSerializer

    @extend_schema(responses=page_of(UserSerializer))
    def get(self, request: Request) -> Response:
        return self.people_response(
            selectors.mutes_of(user=request.user, cursor=self.cursor, size=self.limit)
        )
