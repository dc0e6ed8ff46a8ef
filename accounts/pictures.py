"""Uploaded faces: drawn anew like every picture, cut square in two sizes."""

from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile

from accounts.errors import BadPicture, PictureTooLarge
from socialnet.kernel import pictures

LARGE, SMALL = 400, 96


@dataclass(frozen=True)
class Avatar:
    large: "ContentFile[bytes]"
    small: "ContentFile[bytes]"


def render_avatar(upload: IO[bytes]) -> Avatar:
    """Both sizes of `upload` as WebP; raises `BadPicture` or `PictureTooLarge`."""
    try:
        picture = pictures.open_picture(upload, max_bytes=settings.AVATAR_MAX_BYTES)
        large, small = pictures.squares(picture, LARGE, SMALL)
    except pictures.PictureTooLarge as error:
        raise PictureTooLarge from error
    except pictures.UnreadablePicture as error:
        raise BadPicture(error.sentence) from error
    return Avatar(large=_file(large), small=_file(small))


def _file(rendition: pictures.Rendition) -> "ContentFile[bytes]":
    return ContentFile(rendition.data, name="avatar.webp")
