"""Keys, as they are written down: ours, by which push services know us, and those of browsers."""

import base64
import binascii

from django.conf import settings

POINT_BYTES, SECRET_BYTES = 65, 16
_PKCS8_BYTES = 138  # a key of P-256 with its public half, which comes last

# The curve P-256: y² = x³ - 3x + b
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def is_on() -> bool:
    """Whether there is a key to sign with."""
    return bool(settings.VAPID_PRIVATE_KEY)


def public_key() -> str:
    """What pages give to `pushManager.subscribe`; empty while the channel is off."""
    return encoded(private_bytes()[-POINT_BYTES:]) if is_on() else ""


def private_bytes() -> bytes:
    """The setting as PKCS#8; raises `ValueError`."""
    key = decoded(settings.VAPID_PRIVATE_KEY)
    if len(key) != _PKCS8_BYTES or not is_point(key[-POINT_BYTES:]):
        raise ValueError("VAPID_PRIVATE_KEY")
    return key


def is_point(point: bytes) -> bool:
    """Whether it is a public key: a point of the curve, not compressed."""
    if len(point) != POINT_BYTES or point[0] != 4:
        return False
    x, y = int.from_bytes(point[1:33]), int.from_bytes(point[33:])
    return x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0


def decoded(text: str) -> bytes:
    """Base64 for URLs, with or without its padding; raises `ValueError`."""
    try:
        return base64.b64decode(
            text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("base64") from None


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
