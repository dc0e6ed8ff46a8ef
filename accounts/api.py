"""The API's door to people: the same actions and selectors as the pages."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, selectors
from accounts.errors import EmailInUse, InvalidFields
from accounts.models import User
from accounts.selectors import PersonRow, Profile, get_user_or_404
from accounts.serializers import (
    AddressInput,
    ChangeAddressInput,
    ChangePasswordInput,
    FollowInput,
    KeyInput,
    MadeTokenSerializer,
    MeSerializer,
    MuteInput,
    PasswordInput,
    ProfileInput,
    RegisterInput,
    RelationAnswerSerializer,
    ResetPasswordInput,
    SessionSerializer,
    SignedInSerializer,
    SignInInput,
    TokenInput,
    TokenSerializer,
    UserSerializer,
)
from socialnet.kernel import api, ratelimit
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of

SIGNED_IN_BY_NAME = "sign-in"  # the name of tokens that auth/token and auth/register make
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


# --- auth ---------------------------------------------------------------------------------------------------


class RegisterView(APIView):
    """Joins; where addresses must be confirmed nobody learns from the answer who is here already."""

    permission_classes = [AllowAny]
    authentication_classes = []
    rate_limit = {"POST": "register"}

    @extend_schema(request=RegisterInput, responses={201: SignedInSerializer, 202: ACCEPTED})
    def post(self, request: Request) -> Response:
        fields = self.parsed(RegisterInput)
        mandatory = settings.EMAIL_VERIFICATION == "mandatory"
        try:
            person = actions.register_person(**fields)
        except EmailInUse as error:
            if not mandatory:
                raise InvalidFields(email=[error.sentence]) from error
            actions.tell_address_owner(email=fields["email"])
            return Response(status=status.HTTP_202_ACCEPTED)
        if mandatory:
            return Response(status=status.HTTP_202_ACCEPTED)
        return Response(signed_in(self, person), status=status.HTTP_201_CREATED)


class TokenView(APIView):
    """Signs a program in, and out."""

    rate_limit = {"POST": "read"}  # counted per address and account below

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    def get_authenticators(self) -> list[Any]:
        return [] if self.request and self.request.method == "POST" else super().get_authenticators()

    @extend_schema(request=SignInInput, responses=SignedInSerializer)
    def post(self, request: Request) -> Response:
        fields = self.parsed(SignInInput)
        login = fields["login"].strip()
        self.check_rate("sign_in", who=f"{ratelimit.address_of(request._request)} {login.lower()}")
        person = actions.check_credentials(login=login, password=fields["password"])
        return Response(signed_in(self, person))

    @extend_schema(request=None, responses={204: DONE})
    def delete(self, request: Request) -> Response:
        if not isinstance(request.auth, dict):
            raise NotFound
        actions.revoke_token(user=request.user, token_id=request.auth["id"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokensView(SignedInView):
    serializer_class = TokenSerializer

    @extend_schema(responses=page_of(TokenSerializer))
    def get(self, request: Request) -> Response:
        return self.page_response(Page(items=selectors.tokens_of(request.user)))

    @extend_schema(request=TokenInput, responses={201: MadeTokenSerializer})
    def post(self, request: Request) -> Response:
        made = actions.make_token(user=request.user, **self.parsed(TokenInput))
        shape = {**self.shaped(TokenSerializer, made.token), "token": made.secret}
        return Response(shape, status=status.HTTP_201_CREATED)


class OneTokenView(SignedInView):
    @extend_schema(request=None, responses={204: DONE})
    def delete(self, request: Request, token_id: int) -> Response:
        actions.revoke_token(user=request.user, token_id=token_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordView(SignedInView):
    @extend_schema(request=ChangePasswordInput, responses={204: DONE})
    def post(self, request: Request) -> Response:
        fields = self.parsed(ChangePasswordInput)
        self.check_rate("sign_in", who=f"password {request.user.pk}")
        session = request._request.session
        actions.change_password(
            user=request.user,
            old=fields["old_password"],
            new=fields["new_password"],
            keep=session.session_key,
        )
        if session.session_key and request.auth is None:
            update_session_auth_hash(request._request, User.objects.get(pk=request.user.pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordResetView(APIView):
    permission_classes = [AllowAny]
    rate_limit = {"POST": "password_reset"}

    @extend_schema(request=AddressInput, responses={202: ACCEPTED})
    def post(self, request: Request) -> Response:
        actions.ask_password_reset(email=self.parsed(AddressInput)["email"])
        return Response(status=status.HTTP_202_ACCEPTED)


class PasswordResetConfirmView(APIView):
    permission_classes = [AllowAny]
    rate_limit = {"POST": "password_reset"}

    @extend_schema(request=ResetPasswordInput, responses={204: DONE})
    def post(self, request: Request) -> Response:
        actions.reset_password(**self.parsed(ResetPasswordInput))
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailView(SignedInView):
    @extend_schema(request=ChangeAddressInput, responses={202: ACCEPTED})
    def post(self, request: Request) -> Response:
        self.check_rate("sign_in", who=f"password {request.user.pk}")
        actions.ask_email_change(user=request.user, **self.parsed(ChangeAddressInput))
        return Response(status=status.HTTP_202_ACCEPTED)


class EmailConfirmView(APIView):
    permission_classes = [AllowAny]
    rate_limit = {"POST": "password_reset"}

    @extend_schema(request=KeyInput, responses={204: DONE})
    def post(self, request: Request) -> Response:
        actions.confirm_email(**self.parsed(KeyInput))
        return Response(status=status.HTTP_204_NO_CONTENT)


def signed_in(view: APIView, person: User) -> dict[str, Any]:
    """A new token with read and write, and who it is for."""
    made = actions.make_token(user=person, name=SIGNED_IN_BY_NAME, scopes=["read", "write"])
    actions.note_sign_in(user=person, by="token")
    profile = selectors.profile_of(User.objects.select_related("counts").get(pk=person.pk), viewer=person)
    view.request.user = person
    return {"token": made.secret, "user": view.shaped(UserSerializer, profile)}


# --- me -----------------------------------------------------------------------------------------------------


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
            self.check_rate("upload")
            changes["without_avatar"] = changes["avatar"] is None
        actions.edit_profile(user=request.user, **changes)
        return self.answer()

    @extend_schema(request=PasswordInput, responses={204: DONE})
    def delete(self, request: Request) -> Response:
        self.check_rate("sign_in", who=f"password {request.user.pk}")
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


# --- people -------------------------------------------------------------------------------------------------


class UserView(APIView):
    serializer_class = UserSerializer

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request, username: str) -> Response:
        profile = selectors.profile_of(self.person(username), viewer=request.user)
        return Response(self.shaped(UserSerializer, profile))


class FollowersView(APIView):
    serializer_class = UserSerializer

    @extend_schema(responses=page_of(UserSerializer))
    def get(self, request: Request, username: str) -> Response:
        page = selectors.followers_of(
            user=self.person(username), viewer=request.user, cursor=self.cursor, size=self.limit
        )
        return self.people_response(page)


class FollowingView(APIView):
    serializer_class = UserSerializer

    @extend_schema(responses=page_of(UserSerializer))
    def get(self, request: Request, username: str) -> Response:
        page = selectors.following_of(
            user=self.person(username), viewer=request.user, cursor=self.cursor, size=self.limit
        )
        return self.people_response(page)


class FollowView(SignedInView):
    @extend_schema(request=FollowInput, responses=RelationAnswerSerializer)
    def put(self, request: Request, username: str) -> Response:
        followee = self.person(username)
        actions.follow_user(follower=request.user, followee=followee, **self.parsed(FollowInput))
        return self.relation(followee)

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def delete(self, request: Request, username: str) -> Response:
        followee = self.person(username)
        actions.unfollow_user(follower=request.user, followee=followee)
        return self.relation(followee)


class BlockView(SignedInView):
    """Works for who blocked oneself, too, though neither sees the other."""

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def put(self, request: Request, username: str) -> Response:
        blocked = self.person(username)
        actions.block_user(blocker=request.user, blocked=blocked)
        return self.relation(blocked)

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def delete(self, request: Request, username: str) -> Response:
        blocked = selectors.get_blocked_or_404(username, blocker=request.user)
        actions.unblock_user(blocker=request.user, blocked=blocked)
        return self.relation(blocked)


class MuteView(SignedInView):
    @extend_schema(request=MuteInput, responses=RelationAnswerSerializer)
    def put(self, request: Request, username: str) -> Response:
        muted = self.person(username)
        actions.mute_user(muter=request.user, muted=muted, **self.parsed(MuteInput))
        return self.relation(muted)

    @extend_schema(request=None, responses=RelationAnswerSerializer)
    def delete(self, request: Request, username: str) -> Response:
        muted = self.person(username)
        actions.unmute_user(muter=request.user, muted=muted)
        return self.relation(muted)
