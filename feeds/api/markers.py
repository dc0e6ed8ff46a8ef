"""How far you have read."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, markers
from feeds.models import ReadMarker
from feeds.serializers import MarkerInput, MarkerSerializer
from socialnet.kernel.api import APIView


class MarkerView(APIView):
    serializer_class = MarkerSerializer
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        """How far you have read in your home, on whatever device."""
        return Response(_json(markers.marker_of(person=request.user)))

    @extend_schema(request=MarkerInput)
    def put(self, request: Request) -> Response:
        """Note what you have read; it never moves back, and the answer tells where it is now."""
        data = MarkerInput(data=request.data)
        data.is_valid(raise_exception=True)
        moved = actions.move_marker(person=request.user, post_id=data.validated_data["last_read_id"])
        return Response(_json(moved))


def _json(marker: ReadMarker | None) -> dict[str, Any]:
    return {
        "last_read_id": str(marker.last_read_id) if marker else None,
        "updated_at": marker.updated_at if marker else None,
    }
