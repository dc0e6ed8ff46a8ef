"""The DRF door: letters."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.channels.mail import bounces
from socialnet.kernel.api import APIView


class MailTroubleView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Say that your address works: letters that came back are forgotten, and new ones go out."""
        bounces.forget({request.user.pk})
        return Response(status=204)
