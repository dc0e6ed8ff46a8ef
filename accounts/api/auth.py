"""auth/…: joining, tokens, passwords, addresses."""

from typing import Any

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, devices, selectors
from accounts.api.base import ACCEPTED, DONE, APIView, SignedInView
from accounts.errors import EmailInUse, InvalidFields
from accounts.guessing import code_subject, password_subject, whom_of
from accounts.models import User
from accounts.serializers import (
    AddressInput,
    ChangeAddressInput,
    ChangePasswordInput,
    KeyInput,
    MadeTokenSerializer,
    RegisterInput,
    ResetPasswordInput,
    SignedInSerializer,
    SignInInput,
    TokenInput,
    TokenSerializer,
    UserSerializer,
)
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import Page
from socialnet.kernel.schema import page_of

SIGNED_IN_BY_NAME = "sign-in"  # the name of tokens that auth/token and auth/register make


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
        self.check_rate("sign_in", who=whom_of(request._request, login))
        person = actions.check_credentials(login=login, password=fields["password"])
        code = fields.get("code", "")
        if code:
            self.check_rate("sign_in", who=code_subject(person.pk))
        actions.check_code(user=person, code=code)
        actions.check_may_enter(person)
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
        """A browser's session gives the password, too; a token makes none that may more than it may itself."""
        fields = self.parsed(TokenInput)
        password = fields.pop("password", "")
        if self.own_token is not None:
            made = actions.make_token_by_token(user=request.user, token_id=self.own_token, **fields)
        else:
            self.check_rate("sign_in", who=password_subject(request.user.pk))
            made = actions.make_token_by_password(user=request.user, password=password, **fields)
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
        """Change the password. Every other session and token ends."""
        fields = self.parsed(ChangePasswordInput)
        self.check_rate("sign_in", who=password_subject(request.user.pk))
        actions.change_password(
            user=request.user,
            old=fields["old_password"],
            new=fields["new_password"],
            keep=self.own_session,
            keep_token=self.own_token,
        )
        if self.own_session:
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
        self.check_rate("sign_in", who=password_subject(request.user.pk))
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
    """A new token with read and write, and who it is for; who was leaving is back."""
    if person.is_leaving:
        person = actions.come_back(user=person)
    made = actions.make_token(user=person, name=SIGNED_IN_BY_NAME, scopes=["read", "write"])
    actions.note_sign_in(user=person, by="token", device=devices.program_of(view.request._request))
    profile = selectors.profile_of(User.objects.select_related("counts").get(pk=person.pk), viewer=person)
    view.request.user = person
    return {"token": made.secret, "user": view.shaped(UserSerializer, profile)}
