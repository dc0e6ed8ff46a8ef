"""Uploaded faces: checked before they are decoded, drawn anew without metadata, cut square in two sizes."""

import io
import warnings
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.errors import BadPicture, PictureTooLarge

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_PIXELS = 40_000_000
LARGE, SMALL = 400, 96
_BROKEN = (OSError, ValueError, SyntaxError, ArithmeticError, MemoryError, Image.DecompressionBombError)


@dataclass(frozen=True)
class Avatar:
    large: "ContentFile[bytes]"
    small: "ContentFile[bytes]"


def render_avatar(upload: IO[bytes]) -> Avatar:
    """Both sizes of `upload` as WebP; raises `BadPicture` or `PictureTooLarge`."""
    data = upload.read(settings.AVATAR_MAX_BYTES + 1)
    if len(data) > settings.AVATAR_MAX_BYTES:
        raise PictureTooLarge
    if not data:
        raise BadPicture(_("This file is empty."))
    face = _open(data)
    return Avatar(large=_square(face, LARGE), small=_square(face, SMALL))


def _open(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is ours
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise BadPicture(
            _("This is not a picture we can read: JPEG, PNG, WebP, GIF or AVIF, please.")
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureTooLarge from error
    except _BROKEN as error:
        raise BadPicture(_("This picture is broken.")) from error
    if image.width * image.height > MAX_PIXELS:
        raise PictureTooLarge
    try:
        image.draft("RGB", (LARGE * 2, LARGE * 2))
        return ImageOps.exif_transpose(image).convert("RGBA")
    except _BROKEN as error:
        raise BadPicture(_("This picture is broken.")) from error


def _square(face: Image.Image, side: int) -> "ContentFile[bytes]":
    fitted = ImageOps.fit(face, (side, side), Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", fitted.size)
    clean.paste(fitted)  # pixels only: no EXIF, profile or comment comes along
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=82, method=4)
    return ContentFile(out.getvalue(), name="avatar.webp")
