"""me/…: one's own profile, sessions, requests, blocks and mutes."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, exporting, selectors
from accounts.api.base import DONE, SignedInView
from accounts.guessing import password_subject
from accounts.models import Export, User
from accounts.selectors import Profile
from accounts.serializers import (
    ExportSerializer,
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
        """Hidden at once, erased after 30 days; signing in until then brings everything back."""
        self.check_rate("sign_in", who=password_subject(request.user.pk))
        actions.begin_leaving(user=request.user, **self.parsed(PasswordInput))
        return Response(status=status.HTTP_204_NO_CONTENT)


def own_profile(person: User) -> Profile:
    return selectors.profile_of(User.objects.select_related("counts").get(pk=person.pk), viewer=person)


class SessionsView(SignedInView):
    serializer_class = SessionSerializer

    @extend_schema(responses=page_of(SessionSerializer))
    def get(self, request: Request) -> Response:
        own = request._request.session.session_key if request.auth is None else None
        return self.page_response(Page(items=selectors.sessions_of(request.user, current=own)))

    @extend_schema(operation_id="me_sessions_end_others", request=None, responses={204: DONE})
    def delete(self, request: Request) -> Response:
        """Signs you out of every browser but the one that asks, if one does."""
        own = request._request.session.session_key if request.auth is None else None
        actions.end_other_sessions(user=request.user, keep=own)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportView(SignedInView):
    serializer_class = ExportSerializer

    def answer(self, export: Export | None, *, code: int = 200) -> Response:
        shape: dict[str, Any] = {
            "state": "none",
            "asked_at": None,
            "expires_at": None,
            "size": 0,
            "url": None,
        }
        if export is not None:
            ready = export.state == Export.State.READY
            shape = {field: getattr(export, field) for field in ("state", "asked_at", "expires_at", "size")}
            shape["url"] = "/api/v1/me/export/file" if ready else None
        return Response(self.shaped(ExportSerializer, shape), status=code)

    @extend_schema(responses=ExportSerializer)
    def get(self, request: Request) -> Response:
        """How far the archive of everything that is yours has come."""
        return self.answer(selectors.export_of(request.user))

    @extend_schema(request=PasswordInput, responses={202: ExportSerializer})
    def post(self, request: Request) -> Response:
        """Ask for an archive; it is made in the background, and a letter says when it is there."""
        overload.check()
        self.check_rate("sign_in", who=password_subject(request.user.pk))
        export = actions.ask_export(user=request.user, **self.parsed(PasswordInput))
        export.refresh_from_db()
        return self.answer(export, code=status.HTTP_202_ACCEPTED)


class ExportFileView(SignedInView):
    @extend_schema(responses={(200, "application/zip"): bytes})
    def get(self, request: Request) -> HttpResponseBase:
        """The archive, a zip."""
        return exporting.download(request.user)


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
