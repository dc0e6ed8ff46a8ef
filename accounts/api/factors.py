"""auth/2fa…: second factors. A passkey is made in a browser, on the page; here it is listed and removed."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, selectors
from accounts.api.base import DONE, SignedInView
from accounts.guessing import code_subject, password_subject
from accounts.serializers import (
    BeginAppInput,
    BegunAppSerializer,
    ConfirmAppInput,
    FactorsSerializer,
    ProofInput,
    RecoveryCodesSerializer,
)


class FactorView(SignedInView):
    """Every try counts against what somebody may guess."""

    def proof(self) -> dict[str, Any]:
        proof = self.parsed(ProofInput)
        self.check_rate("sign_in", who=password_subject(self.request.user.pk))
        return proof


class FactorsView(SignedInView):
    serializer_class = FactorsSerializer

    @extend_schema(responses=FactorsSerializer)
    def get(self, request: Request) -> Response:
        """What is set up."""
        return Response(self.shaped(FactorsSerializer, selectors.factors_of(request.user)))


class AppFactorView(FactorView):
    @extend_schema(request=BeginAppInput, responses=BegunAppSerializer)
    def post(self, request: Request) -> Response:
        """Begin with an app that shows codes; nothing is kept until its first code is confirmed."""
        given = self.parsed(BeginAppInput)
        self.check_rate("sign_in", who=password_subject(request.user.pk))
        return Response(self.shaped(BegunAppSerializer, actions.begin_app(user=request.user, **given)))

    @extend_schema(request=ProofInput, responses={204: DONE})
    def delete(self, request: Request) -> Response:
        """Remove the app; needs the password and a code."""
        actions.remove_app(user=request.user, **self.proof())
        return Response(status=status.HTTP_204_NO_CONTENT)


class AppFactorConfirmView(FactorView):
    @extend_schema(request=ConfirmAppInput, responses=RecoveryCodesSerializer)
    def post(self, request: Request) -> Response:
        """The first code of the app: from now on signing in asks for one. Every other session and token ends.

        Recovery codes are in the answer when they are made: with the first factor, and never again.
        """
        given = self.parsed(ConfirmAppInput)
        self.check_rate("sign_in", who=code_subject(request.user.pk))
        codes = actions.confirm_app(
            user=request.user, keep=self.own_session, keep_token=self.own_token, **given
        )
        return Response({"recovery_codes": codes})


class RecoveryCodesView(FactorView):
    @extend_schema(request=ProofInput, responses=RecoveryCodesSerializer)
    def post(self, request: Request) -> Response:
        """New recovery codes in place of the old ones."""
        return Response({"recovery_codes": actions.renew_recovery_codes(user=request.user, **self.proof())})


class PasskeyView(FactorView):
    @extend_schema(request=ProofInput, responses={204: DONE})
    def delete(self, request: Request, passkey_id: int) -> Response:
        """Remove a passkey; needs the password and a code."""
        actions.remove_passkey(user=request.user, passkey_id=passkey_id, **self.proof())
        return Response(status=status.HTTP_204_NO_CONTENT)
