"""Uploading pictures."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from feeds import actions, selectors
from feeds.cards import media_card
from feeds.serializers import AltSerializer, MediaSerializer, NewMediaSerializer, media_json
from socialnet.kernel import overload
from socialnet.kernel.api import APIView


class MediaListView(APIView):
    serializer_class = MediaSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(request={"multipart/form-data": NewMediaSerializer}, responses={201: MediaSerializer})
    def post(self, request: Request) -> Response:
        """Upload a picture: JPEG, PNG, WebP, GIF, AVIF or HEIC. It is kept for a day unless a post takes it."""
        data = NewMediaSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        overload.check()
        self.check_rate("upload")
        picture = actions.upload_picture(
            owner=request.user, upload=data.validated_data["file"], alt=data.validated_data["alt"]
        )
        return Response(media_json(media_card(picture)), status=201)


class MediaView(APIView):
    serializer_class = MediaSerializer
    permission_classes = [IsAuthenticated]

    def get(self, request: Request, media_id: int) -> Response:
        """A picture of yours, or of a post that you may see."""
        picture = selectors.get_visible_media(media_id, viewer=request.user)
        return Response(media_json(media_card(picture)))

    @extend_schema(request=AltSerializer)
    def patch(self, request: Request, media_id: int) -> Response:
        """Describe a picture of yours for people who do not see it."""
        data = AltSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        picture = selectors.get_visible_media(media_id, viewer=request.user)
        picture = actions.describe_picture(media=picture, actor=request.user, alt=data.validated_data["alt"])
        return Response(media_json(media_card(picture)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, media_id: int) -> Response:
        """Take back an upload that no post has taken."""
        picture = selectors.get_visible_media(media_id, viewer=request.user)
        actions.discard_picture(media=picture, actor=request.user)
        return Response(status=204)
